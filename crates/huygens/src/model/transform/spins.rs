//! Spins as bosons.

use super::{Stage, TransformError, kind_of};
use crate::algebra::{ModeId, Monomial, Operator, Scalar, Word, added, times};
use crate::model::{ModeKind, Start};

/// How the root of J₋ = √(2j − n) b becomes a polynomial in n.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expansion {
    /// In powers of 1/2j: T. Holstein and H. Primakoff, Phys. Rev. 58, 1098 (1940).
    Taylor,
    /// Exact for all n up to the order, by finite differences: M. Vogl et al., Phys. Rev. Research 2, 043243 (2020).
    Newton,
    /// J₋ = √N (1 − n/2N)^{1/2} b and J_z = n − N with N = 2j, in powers of 1/2N: arXiv:2408.06126, Eq. (4). Its commutator is
    /// \[J₊, J₋\] = J_z, that of a spin N with J± divided by √2.
    Printed,
}

/// Measures that only spins have.
const MEASURES: [&str; 6] = ["jx", "jy", "jz", "spin_squeezing", "spin_phase_distribution", "spin_locking"];

impl Stage {
    /// Spins as bosons, n = m + j quanta each; gives the part of the next order.
    ///
    /// A word J₊^k J_z^l J₋^m is b†^k G_k(n) (n − j)^l G_m(n) b^m with G_k(n) = Π_{r<k} √(2j − n − r). What both sides share is a
    /// polynomial as it stands; the roots that are left over are expanded together.
    pub(super) fn holstein_primakoff(
        &mut self,
        spins: &[ModeId],
        expansion: Expansion,
        order: u32,
    ) -> Result<(String, Operator), TransformError> {
        let mut lengths = Vec::new();
        for &spin in spins {
            let kind = self.model.modes[spin.0 as usize].kind;
            let ModeKind::Spin { twice } = kind else {
                let mode = self.name(spin).to_owned();
                return Err(TransformError::Kind {
                    mode,
                    is: kind_of(kind),
                    needs: "Holstein and Primakoff's bosons stand for a spin",
                });
            };
            if expansion == Expansion::Newton && order > twice {
                return Err(TransformError::Arguments(format!(
                    "`{}` has no more than {twice} quanta: the order goes up to {twice}",
                    self.name(spin)
                )));
            }
            lengths.push((spin, twice));
        }
        let before = self.sum();
        let map = |operator: &Operator, order: u32| {
            lengths
                .iter()
                .fold(operator.clone(), |operator, &(spin, twice)| replaced(&operator, spin, twice, expansion, order))
        };
        let next = if lengths.iter().all(|(_, twice)| expansion == Expansion::Newton && order >= *twice) {
            Operator::zero()
        } else {
            let most = |order: u32| {
                if expansion == Expansion::Newton {
                    order.min(lengths.iter().map(|l| l.1).min().unwrap_or(0))
                } else {
                    order
                }
            };
            map(&before, most(order + 1)).sub(&map(&before, order))
        };
        self.map(&|operator| Ok(map(operator, order)))?;
        for &(spin, twice) in &lengths {
            let k = spin.0 as usize;
            self.model.modes[k].kind = ModeKind::Boson;
            if let Some(list) = &mut self.model.start {
                list[k] = boson_start(&list[k], twice)?;
            }
            let name = self.name(spin).to_owned();
            self.forget(&name, Some(&MEASURES));
        }
        let note = match expansion {
            Expansion::Taylor => format!("terms of the relative order {} in 1/2j", order + 1),
            Expansion::Newton => format!("matrix elements of states with more than {order} quanta"),
            Expansion::Printed => {
                format!("terms of the relative order {} in 1/2N, beside another commutator than a spin has", order + 1)
            }
        };
        Ok((note, next))
    }
}

/// ⟨b⟩ = √j (v_x − iv_y)/√(1 − v_z) and the occupation that is left of n = j(1 + v_z): the coherent state for |v| = 1.
fn boson_start(start: &Start, twice: u32) -> Result<Start, TransformError> {
    let [x, y, z] = &start.bloch;
    let j = Scalar::real(0.5 * f64::from(twice));
    let rest = Scalar::one().sub(z);
    if x.is_zero() && y.is_zero() {
        let occupation = j.mul(&Scalar::one().add(z));
        return Ok(Start { occupation, ..Start::default() });
    }
    let minus = x.sub(&y.mul(&Scalar::i()));
    let amplitude = j.sqrt()?.mul(&minus).div(&rest.sqrt()?)?;
    let across = x.mul(x).add(&y.mul(y));
    let occupation = j.mul(&Scalar::one().sub(&z.mul(z)).sub(&across)).div(&rest)?;
    Ok(Start { amplitude, occupation, ..Start::default() })
}

/// An operator with one spin written as a boson.
fn replaced(operator: &Operator, spin: ModeId, twice: u32, expansion: Expansion, order: u32) -> Operator {
    let mut out = Operator::zero();
    for (monomial, coefficient) in operator.iter() {
        let word = monomial.word(spin);
        if word.degree() == 0 {
            out.add_assign(&Operator::term(monomial.clone(), coefficient.clone()));
            continue;
        }
        let others: Vec<_> = monomial.factors().iter().filter(|f| f.mode != spin).copied().collect();
        let others = Operator::term(Monomial::from_factors(&others), coefficient.clone());
        out.add_assign(&others.mul(&boson(word, spin, twice, expansion, order)));
    }
    out
}

/// One word as a polynomial of a boson.
pub(super) fn boson(word: Word, mode: ModeId, twice: u32, expansion: Expansion, order: u32) -> Operator {
    // A spin N with ladder operators divided by √2 in the place of one of length N/2.
    let printed = expansion == Expansion::Printed;
    let size = if printed { 2.0 * f64::from(twice) } else { f64::from(twice) };
    let scale = if printed { 0.5_f64.powf(0.5 * f64::from(word.dag + word.ann)) } else { 1.0 };
    let (few, many) = (u32::from(word.dag.min(word.ann)), u32::from(word.dag.max(word.ann)));
    // Powers of n: what is exact.
    let mut exact = vec![scale];
    for r in 0..few {
        exact = times(&exact, &[size - f64::from(r), -1.0]);
    }
    for _ in 0..word.z {
        exact = times(&exact, &[-0.5 * size, 1.0]);
    }
    let ladder =
        |dag: u32, ann: u32| Operator::term(Monomial::site(mode, Word::boson(dag as u16, ann as u16)), Scalar::one());
    let n = Operator::n(mode);
    let in_n = |coefficients: &[f64]| {
        let mut sum = Operator::zero();
        for c in coefficients.iter().rev() {
            sum = sum.mul(&n).add(&Operator::scalar(Scalar::real(*c)));
        }
        sum
    };
    let root = match expansion {
        Expansion::Taylor | Expansion::Printed => in_n(&taylor(size, few, many, order)),
        Expansion::Newton => {
            let mut sum = Operator::zero();
            for (q, c) in newton(size, few, many, order).into_iter().enumerate() {
                sum.add_assign(&ladder(q as u32, q as u32).scale(&Scalar::real(c)));
            }
            sum
        }
    };
    ladder(u32::from(word.dag), 0).mul(&in_n(&exact)).mul(&root).mul(&ladder(0, u32::from(word.ann)))
}

/// Π_{few ≤ r < many} √(s − n − r) as powers of n, up to the order K in 1/s.
fn taylor(size: f64, few: u32, many: u32, order: u32) -> Vec<f64> {
    let order = order as usize;
    // Coefficients of (n + r)^q ε^q in √(1 − ε(n + r)).
    let mut binomial = vec![1.0];
    for q in 0..order {
        binomial.push(-(binomial[q] * (0.5 - q as f64) / (q as f64 + 1.0)));
    }
    // Polynomials in n by their order in ε.
    let mut series: Vec<Vec<f64>> = vec![vec![1.0]];
    series.resize(order + 1, Vec::new());
    for r in few..many {
        let mut powers = vec![vec![1.0]];
        for q in 0..order {
            powers.push(times(&powers[q], &[f64::from(r), 1.0]));
        }
        let mut next = vec![Vec::new(); order + 1];
        for (p, left) in series.iter().enumerate() {
            for q in 0..=order - p {
                let mut part = times(left, &powers[q]);
                part.iter_mut().for_each(|c| *c *= binomial[q]);
                next[p + q] = added(&next[p + q], &part);
            }
        }
        series = next;
    }
    let mut out = Vec::new();
    for (q, part) in series.into_iter().enumerate() {
        let factor = size.powf(0.5 * f64::from(many - few) - q as f64);
        out = added(&out, &part.into_iter().map(|c| c * factor).collect::<Vec<_>>());
    }
    out
}

/// The same by its values at n = 0 … K: coefficients Δ^q/q! of b†^q b^q.
fn newton(size: f64, few: u32, many: u32, order: u32) -> Vec<f64> {
    let value = |n: u32| (few..many).map(|r| (size - f64::from(n + r)).max(0.0).sqrt()).product::<f64>();
    let mut differences: Vec<f64> = (0..=order).map(value).collect();
    let mut out = vec![differences[0]];
    let mut factorial = 1.0;
    for q in 1..=order as usize {
        for k in 0..=order as usize - q {
            differences[k] = differences[k + 1] - differences[k];
        }
        factorial *= q as f64;
        out.push(differences[0] / factorial);
    }
    out
}
