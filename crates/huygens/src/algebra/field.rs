//! Amplitudes of the mean field inside coefficients: `mean(n(b1))`, and in equations of motion sin(q(b)) or exp(i*t*n(b)).

use super::polynomial::{ModeId, Polynomial};
use super::scalar::{Atom, Exponent, Scalar, ScalarError};
use num_complex::Complex64 as c64;
use std::collections::BTreeSet;

/// What is taken of an amplitude z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quantity {
    /// |z|².
    Number,
    /// Re z.
    Real,
    /// Im z.
    Imaginary,
}

/// A real quantity of the mean field z_k = ⟨a_k⟩ of one mode, as it stands in a coefficient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Field {
    /// The mode.
    pub mode: ModeId,
    /// What is taken of its amplitude.
    pub quantity: Quantity,
    /// Whether it is held fixed where fluctuations are linearised, as `mean(…)` is.
    pub held: bool,
}

impl Field {
    /// The value at amplitudes `z`; `None` where they are not given.
    pub fn value(self, z: &[c64]) -> Option<f64> {
        let z = z.get(self.mode.0 as usize)?;
        Some(match self.quantity {
            Quantity::Number => z.norm_sqr(),
            Quantity::Real => z.re,
            Quantity::Imaginary => z.im,
        })
    }

    /// ∂/∂z (∂/∂z* with `conj`) as a polynomial.
    pub(crate) fn slope(self, conj: bool) -> Polynomial {
        let half = |z: c64| Polynomial::scalar(Scalar::number(z));
        match (self.quantity, conj) {
            (Quantity::Number, false) => Polynomial::amplitude_conj(self.mode),
            (Quantity::Number, true) => Polynomial::amplitude(self.mode),
            (Quantity::Real, _) => half(c64::new(0.5, 0.0)),
            (Quantity::Imaginary, false) => half(c64::new(0.0, -0.5)),
            (Quantity::Imaginary, true) => half(c64::new(0.0, 0.5)),
        }
    }
}

impl Scalar {
    /// A quantity of the mean field.
    pub fn field(field: Field) -> Scalar {
        Scalar::atom_alone(&Atom::Field(field))
    }

    /// The amplitude z = x + iy of a mode.
    pub fn amplitude(mode: ModeId, held: bool) -> Scalar {
        let part = |quantity| Scalar::field(Field { mode, quantity, held });
        part(Quantity::Real).add(&part(Quantity::Imaginary).mul(&Scalar::i()))
    }

    /// The quantities of the mean field that occur.
    pub fn fields(&self) -> BTreeSet<Field> {
        let mut set = BTreeSet::new();
        self.visit(&mut |atom| {
            if let Atom::Field(field) = atom {
                set.insert(*field);
            }
        });
        set
    }

    /// Whether a quantity of the mean field occurs.
    pub fn depends_on_mean_field(&self) -> bool {
        let mut found = false;
        self.visit(&mut |atom| found |= matches!(atom, Atom::Field(_)));
        found
    }

    /// Whether the time or a quantity of the mean field occurs: the value is then another in every step.
    pub fn moves(&self) -> bool {
        let mut found = false;
        self.visit(&mut |atom| found |= matches!(atom, Atom::Time | Atom::Field(_)));
        found
    }

    /// ∂/∂x of a quantity x of the mean field.
    pub(crate) fn field_derivative(&self, field: Field) -> Scalar {
        self.differentiate(&Atom::Field(field))
    }

    /// The expression with every quantity of the mean field replaced.
    ///
    /// # Errors
    /// Where the new expression cannot be formed.
    pub fn map_fields(&self, f: &dyn Fn(Field) -> Field) -> Result<Scalar, ScalarError> {
        if !self.depends_on_mean_field() {
            return Ok(self.clone());
        }
        self.replace(&|atom| match atom {
            Atom::Field(field) => Some(Scalar::field(f(*field))),
            _ => None,
        })
    }
}

impl Polynomial {
    /// The polynomial as a coefficient: z*ᵐzⁿ → |z|²ᵏ times what is left of x ± iy.
    ///
    /// # Errors
    /// Where a power is too high.
    pub fn as_coefficient(&self, held: bool) -> Result<Scalar, ScalarError> {
        let mut sum = Scalar::zero();
        for (m, c) in self.iter() {
            let mut product = c.clone();
            for f in m.factors() {
                let (dag, ann) = (i64::from(f.word.dag), i64::from(f.word.ann));
                let pairs = dag.min(ann);
                let number = Scalar::field(Field { mode: f.mode, quantity: Quantity::Number, held });
                let z = Scalar::amplitude(f.mode, held);
                let z = if dag > ann { z.conj() } else { z };
                product = product.mul(&number.power(Exponent::integer(pairs))?);
                product = product.mul(&z.power(Exponent::integer((dag - ann).abs()))?);
            }
            sum.add_assign(&product);
        }
        Ok(sum)
    }

    /// The quantities of the mean field in the coefficients.
    pub fn fields(&self) -> BTreeSet<Field> {
        self.terms.values().flat_map(Scalar::fields).collect()
    }

    /// Whether a coefficient holds a quantity of the mean field fixed.
    pub fn holds(&self) -> bool {
        self.fields().iter().any(|field| field.held)
    }

    /// The polynomial with nothing held: the flow as a function of its amplitudes alone.
    pub fn released(&self) -> Polynomial {
        let free = |c: &Scalar| {
            // Only the names change, so that what could be formed once can be formed again.
            c.map_fields(&|field| Field { held: false, ..field }).unwrap_or_else(|_| c.clone())
        };
        self.map_coefficients(&free)
    }
}
