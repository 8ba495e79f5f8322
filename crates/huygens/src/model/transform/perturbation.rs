//! What follows from terms of H in second order, and modes that are gone.

use num_complex::Complex64 as c64;

use super::{Stage, TransformError, jumps_of};
use crate::algebra::{ModeId, Monomial, Operator, Scalar, Word, commutator};
use crate::model::{ModeKind, Model};

impl Stage {
    /// Terms V of H in second order (J. R. Schrieffer and P. A. Wolff, Phys. Rev. 149, 491 (1966)): with H₀ the part of the rest that is
    /// diagonal in the numbers, S = Σ V_m/Ω_m and e^S … e^{−S},
    ///
    /// H → H − V + ½\[S, V\] + \[S, R\], L → L + \[S, L\] + ½\[S, \[S, L\]\],
    ///
    /// R being the rest of H that is not diagonal. Ω_m is the energy that the term V_m adds to the lowest state that it acts on. Where
    /// H₀ is not linear in the numbers, other states have other energies: what that leaves of V is given as neglected.
    pub(super) fn schrieffer_wolff(&mut self, which: &[usize]) -> Result<(String, Operator), TransformError> {
        self.no_structured_baths()?;
        if !self.model.antihermitian.is_zero() {
            let what = "an anti-Hermitian part".to_owned();
            return Err(TransformError::Untreated { what, cure: "" });
        }
        let mut v = Operator::zero();
        which.iter().for_each(|k| v.add_assign(&self.terms[*k].2));
        let rest = self.sum().sub(&v);
        let diagonal = |m: &Monomial| m.factors().iter().all(|f| f.word.charge() == 0);
        let part = |keep: bool| {
            Operator::from_terms(rest.iter().filter(|(m, _)| diagonal(m) == keep).map(|(m, c)| (m.clone(), c.clone())))
        };
        let (h0, other) = (part(true), part(false));
        let mut s = Operator::zero();
        let mut still = Operator::zero();
        for (monomial, coefficient) in v.iter() {
            let term = Operator::term(monomial.clone(), coefficient.clone());
            if coefficient.depends_on_time() {
                let found = term.text(&self.model.names());
                return Err(TransformError::Form {
                    what: "a term that depends on the time has no second order here",
                    found,
                });
            }
            if diagonal(monomial) {
                still.add_assign(&term);
                continue;
            }
            let gap = energy(&self.model, &h0, monomial, true)?.sub(&energy(&self.model, &h0, monomial, false)?);
            if gap.is_zero() {
                let found = term.text(&self.model.names());
                return Err(TransformError::Form {
                    what: "this term costs no energy: it is resonant, and has no second order",
                    found,
                });
            }
            s.add_assign(&term.scale(&gap.recip()?));
        }
        let driven = v.sub(&still);
        let half = Scalar::real(0.5);
        let second =
            commutator(&s, &driven).scale(&half).add(&commutator(&s, &other)).add(&still).add(&commutator(&s, &still));
        // [S, H₀] + V vanishes where H₀ is linear in the numbers.
        let neglected = commutator(&s, &h0).add(&driven);
        for (k, operator) in which.iter().zip(std::iter::once(second).chain(std::iter::repeat(Operator::zero()))) {
            self.terms[*k].2 = operator;
        }
        self.model.hamiltonian = self.sum();
        self.map_jumps(&|l| {
            let first = commutator(&s, l);
            Ok(l.add(&first).add(&commutator(&s, &first).scale(&half)))
        })?;
        let note = match neglected.is_zero() {
            true => "third order in the term",
            false => "third order in the term, and what is left of it where other states have other energies",
        };
        Ok((note.into(), neglected))
    }

    /// A damped mode c that follows the others: with H = Δ N_c + (c†A + h.c.) + H_r and the jump √κ c alone,
    /// c → −A/(Δ − iκ/2), H → H_r − Re 1/(Δ − iκ/2) A†A, L → √κ A/(Δ − iκ/2)
    /// (F. Reiter and A. S. Sørensen, Phys. Rev. A 85, 032111 (2012)).
    pub(super) fn adiabatic_elimination(&mut self, mode: ModeId) -> Result<(String, Operator), TransformError> {
        self.no_structured_baths()?;
        let name = self.name(mode).to_owned();
        let names = self.model.names();
        if self.model.antihermitian.modes().contains(&mode) {
            let what = format!("an anti-Hermitian part with `{name}`");
            return Err(TransformError::Untreated { what, cure: "" });
        }
        let spin = self.model.modes[mode.0 as usize].kind.spin();
        let (lowering, number) = match spin {
            None => (Word::ANNIHILATION, Word::boson(1, 1)),
            Some(_) => (Word::LOWERING, Word::Z),
        };
        if spin.is_some_and(|twice| twice > 1) {
            let what = format!("`{name}`, a spin longer than 1/2");
            return Err(TransformError::Untreated { what, cure: ": write it as a boson first, holstein_primakoff" });
        }
        let mut detuning = Scalar::zero();
        let mut a = Operator::zero();
        let mut rest = Vec::new();
        for (_, _, term) in &self.terms {
            let mut kept = Operator::zero();
            for (monomial, coefficient) in term.iter() {
                let word = monomial.word(mode);
                let alone = monomial.factors().len() == 1;
                let one = Operator::term(monomial.clone(), coefficient.clone());
                if word.degree() == 0 {
                    kept.add_assign(&one);
                } else if word == number && alone && !coefficient.depends_on_time() {
                    detuning.add_assign(coefficient);
                } else if word == lowering.adjoint() {
                    let others: Vec<_> = monomial.factors().iter().filter(|f| f.mode != mode).copied().collect();
                    a.add_assign(&Operator::term(Monomial::from_factors(&others), coefficient.clone()));
                } else if word != lowering {
                    let what = "a mode is eliminated from a frequency of its own and terms c†A + h.c. with it";
                    return Err(TransformError::Form { what, found: one.text(&names) });
                }
            }
            rest.push(kept);
        }
        let mut kappa = Scalar::zero();
        let mut own = Vec::new();
        for (k, jump) in self.model.jumps.iter().enumerate().filter(|(_, j)| j.operator.modes().contains(&mode)) {
            let coefficient = jump.operator.coefficient(&Monomial::site(mode, lowering));
            if jump.operator.len() != 1 || coefficient.is_zero() || jump.kept.is_some() || coefficient.depends_on_time()
            {
                let found = jump.operator.text(&names);
                return Err(TransformError::Form {
                    what: "the mode has to lose its quanta by jumps √κ c alone",
                    found,
                });
            }
            kappa.add_assign(&coefficient.mul(&coefficient.conj()));
            own.push((k, coefficient));
        }
        if kappa.is_zero() && detuning.is_zero() {
            let what = "a mode that follows needs a detuning or a loss";
            return Err(TransformError::Form { what, found: format!("`{name}` has none") });
        }
        // 1/(Δ − iκ/2) = (Δ + iκ/2)/(Δ² + κ²/4).
        let half = kappa.times(c64::new(0.5, 0.0));
        let size = detuning.mul(&detuning).add(&half.mul(&half)).recip()?;
        let inverse = detuning.add(&half.mul(&Scalar::i())).mul(&size);
        for (k, coefficient) in own {
            self.model.jumps[k].operator = a.scale(&coefficient.mul(&inverse));
        }
        self.model.baths.retain(|bath| bath.mode != mode);
        for ((_, _, term), kept) in self.terms.iter_mut().zip(rest) {
            *term = kept;
        }
        self.terms.retain(|(_, _, term)| !term.is_zero());
        self.model.hamiltonian = self.sum();
        for jump in &mut self.model.jumps {
            jump.bath = None;
        }
        self.model.jumps.retain(|jump| !jump.operator.is_zero());
        self.add("follows", a.adjoint().mul(&a).scale(&detuning.mul(&size).neg()));
        self.remove(mode)?;
        Ok((format!("terms of the relative order |A|/|Δ − iκ/2|, and the memory of `{name}`"), Operator::zero()))
    }

    /// A mode in its lowest state, or a spin ½ with ⟨2J_z⟩ = z and no coherence, in the place of its operators: their means.
    pub(super) fn project(&mut self, mode: ModeId, z: Option<Scalar>) -> Result<(String, Operator), TransformError> {
        self.no_structured_baths()?;
        let spin = self.model.modes[mode.0 as usize].kind.spin();
        let name = self.name(mode).to_owned();
        if z.is_some() && spin != Some(1) {
            return Err(TransformError::Arguments(format!(
                "`{name}` is no spin 1/2: it is projected on its lowest state, project({name})"
            )));
        }
        let lost: Vec<String> = jumps_of(&self.model, mode).iter().map(|jump| jump.label.clone()).collect();
        let mean = |word: Word| -> Result<Scalar, TransformError> {
            if word.charge() != 0 {
                return Ok(Scalar::zero());
            }
            let Some(twice) = spin else {
                return Ok(if word.dag == 0 { Scalar::one() } else { Scalar::zero() });
            };
            let lowest = Scalar::real((-0.5 * f64::from(twice)).powi(i32::from(word.z)));
            match &z {
                None => Ok(if word.dag == 0 { lowest } else { Scalar::zero() }),
                Some(z) => {
                    let up = Scalar::one().add(z).times(c64::new(0.5, 0.0));
                    Ok(match word.dag {
                        0 => {
                            let down = Scalar::one().sub(&up);
                            let power = i32::from(word.z);
                            up.times(c64::new(0.5_f64.powi(power), 0.0))
                                .add(&down.times(c64::new((-0.5_f64).powi(power), 0.0)))
                        }
                        // J₊ (J_z)^l J₋ sees the spin down.
                        1 => up.times(c64::new((-0.5_f64).powi(i32::from(word.z)), 0.0)),
                        _ => Scalar::zero(),
                    })
                }
            }
        };
        let averaged = |operator: &Operator| -> Result<Operator, TransformError> {
            let mut list = Vec::new();
            for (monomial, coefficient) in operator.iter() {
                let word = monomial.word(mode);
                if word.degree() == 0 {
                    list.push((monomial.clone(), coefficient.clone()));
                    continue;
                }
                let others: Vec<_> = monomial.factors().iter().filter(|f| f.mode != mode).copied().collect();
                list.push((Monomial::from_factors(&others), coefficient.mul(&mean(word)?)));
            }
            Ok(Operator::from_terms(list))
        };
        let neglected = self.sum().sub(&averaged(&self.sum())?);
        self.map(&averaged)?;
        let one = Monomial::one();
        // Numbers in H move nothing.
        for (_, _, term) in &mut self.terms {
            let number = term.coefficient(&one);
            *term = term.sub(&Operator::scalar(number));
        }
        self.terms.retain(|(_, _, term)| !term.is_zero());
        self.model.hamiltonian = self.sum();
        self.model.jumps.retain(|jump| jump.operator.as_scalar().is_none());
        self.model.baths.retain(|bath| bath.mode != mode);
        for jump in &mut self.model.jumps {
            jump.bath = None;
        }
        self.remove(mode)?;
        let note = match lost.as_slice() {
            [] => format!("all that moves `{name}`"),
            some => format!("all that moves `{name}`; of the jumps that do ({}) their mean is left", some.join(", ")),
        };
        Ok((note, neglected))
    }
}

/// The energy of the lowest state that a term acts on, or of the one that it makes of it.
fn energy(model: &Model, h0: &Operator, term: &Monomial, after: bool) -> Result<Scalar, TransformError> {
    let mut sum = Scalar::zero();
    for (monomial, coefficient) in h0.iter() {
        let mut value = 1.0;
        for factor in monomial.factors() {
            let word = term.word(factor.mode);
            let n = f64::from(if after { word.dag } else { word.ann });
            let powers = factor.word;
            value *= match model.modes[factor.mode.0 as usize].kind {
                ModeKind::Boson => (0..powers.dag).map(|r| n - f64::from(r)).product::<f64>(),
                ModeKind::Spin { twice } | ModeKind::Ensemble { members: twice } => {
                    // J₊^k J_z^l J₋^k on m = n − j.
                    let size = f64::from(twice);
                    let lowered: f64 =
                        (0..powers.dag).map(|r| (n - f64::from(r)) * (size - n + f64::from(r) + 1.0)).product();
                    lowered * (n - f64::from(powers.dag) - 0.5 * size).powi(i32::from(powers.z))
                }
            };
        }
        if value != 0.0 {
            sum.add_assign(&coefficient.times(value.into()));
        }
    }
    if sum.depends_on_time() {
        let found = sum.text(&model.names());
        return Err(TransformError::Form { what: "energies that depend on the time have no second order here", found });
    }
    Ok(sum)
}
