//! Time evolution of the linear flow Ṙ = G R.
//!
//! Without drives e^{hG} is summed in the Faber polynomials of an ellipse around the spectrum: with half-axes a (real) and b
//! (imaginary), centre c and e² = a² − b², ρ = (a + b)/2,
//!
//! e^{hG} = e^{hc} Σ_n c_n Q_n,   Q_{n+1} = ((G − c)/ρ) Q_n − (e²/4ρ²) Q_{n−1}  (twice the last term for n = 1),
//! c_n = (hρ)ⁿ/n! ₀F₁(; n + 1; e²h²/4):
//!
//! Chebyshev polynomials on the imaginary axis for a unitary generator (Tal-Ezer and Kosloff, J. Chem. Phys. 81, 3967 (1984)), on the
//! real axis for a relaxation, and the Taylor series in between (a = b); three vectors, whatever the degree. The series of a step
//! ends when its terms are below the tolerance in every element, on the scale √(ρ_nn ρ_n′n′) that bounds ⟨n|ρ|n′⟩, so that small
//! populations keep their digits. With drives, and in a moving frame: Dormand–Prince 8(5,3), element by element.

use huygens_numerics::ode::{Dop853, OdeError, State, StepOutcome, Stepper, System, Tolerance};

use super::density::Density;
use super::frame::Frame;
use super::generator::{Generator, Recurrence};
use crate::algebra::EvalError;

/// hρ of one step: the degree is then about 1.4 times this and thirty more.
const REACH: f64 = 26.0;
/// Highest degree before a step is taken in two.
const DEGREE: usize = 160;
/// Populations below this share of the largest count as this share in the tolerance of an element.
const FLOOR: f64 = 1e-16;

/// Why an evolution stopped.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvolveError {
    /// A coefficient without a value.
    #[error("{0}")]
    Value(EvalError),
    /// The integrator gave up.
    #[error("{0}")]
    Ode(OdeError),
    /// The series does not converge however short the step.
    #[error(
        "the exponential series does not converge at t = {t}: the elements of the generator differ by more than the digits of a double; lower the cut-off"
    )]
    Series {
        /// Time reached.
        t: f64,
    },
    /// The state has lost its trace to overflow or to zero.
    #[error("the trace of the state is {trace} at t = {t}: the flow runs away beyond the digits of a double")]
    Trace {
        /// Time reached.
        t: f64,
        /// The trace.
        trace: f64,
    },
}

/// Work done by an evolution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Steps taken.
    pub steps: usize,
    /// Applications of the generator.
    pub applications: usize,
}

/// Advances density matrices in time.
#[derive(Debug)]
pub struct Evolution {
    generator: Generator,
    frame: Option<Frame>,
    tolerance: f64,
    method: Method,
    work: Work,
    /// A limit that the last steps needed, when shorter than the estimate.
    longest: f64,
    scale: Vec<f64>,
}

#[derive(Debug)]
enum Method {
    Faber { now: Vec<f64>, old: Vec<f64>, sum: Vec<f64> },
    Stepper(Box<Dop853>),
}

struct Driven<'a> {
    generator: &'a mut Generator,
    frame: Option<&'a mut Frame>,
    failed: Option<EvalError>,
}

impl System for Driven<'_> {
    fn dim(&self) -> usize {
        self.generator.len() + self.frame.as_ref().map_or(0, |frame| frame.extra())
    }

    fn rhs(&mut self, t: f64, y: &[f64], dy: &mut [f64]) {
        let moved = match &mut self.frame {
            Some(frame) => frame.flow(self.generator, t, y, dy),
            None => self.generator.set_time(t).map(|()| self.generator.apply(y, dy)),
        };
        if let Err(error) = moved {
            self.failed = Some(error);
            dy.fill(f64::NAN);
        }
    }
}

impl Evolution {
    /// An evolution with a relative tolerance per element and step.
    pub fn new(generator: Generator, tolerance: f64) -> Self {
        let n = generator.len();
        let method = if generator.depends_on_time() {
            Method::Stepper(Box::new(Dop853::new(n, Tolerance::new(tolerance, 1e-6 * tolerance))))
        } else {
            Method::Faber { now: vec![0.0; n], old: vec![0.0; n], sum: vec![0.0; n] }
        };
        let work = Work::default();
        Self { generator, frame: None, tolerance, method, work, longest: f64::INFINITY, scale: Vec::new() }
    }

    /// The same in a moving frame, of states that have its displacement.
    #[must_use]
    pub fn following(mut self, frame: Option<Frame>) -> Self {
        if let Some(frame) = &frame {
            let n = self.generator.len() + frame.extra();
            let tolerance = Tolerance::new(self.tolerance, 1e-6 * self.tolerance);
            self.method = Method::Stepper(Box::new(Dop853::new(n, tolerance)));
        }
        self.frame = frame;
        self
    }

    /// The generator.
    pub fn generator(&self) -> &Generator {
        &self.generator
    }

    /// Work done so far.
    pub fn work(&self) -> Work {
        self.work
    }

    /// Advances `state` from `t` to `until`; it stays normalised, and the logarithm of the trace that the linear flow would have is
    /// kept beside it.
    ///
    /// # Errors
    /// [`EvolveError`]; the state is then that of the last good step.
    pub fn advance(&mut self, state: &mut Density, t: f64, until: f64) -> Result<(), EvolveError> {
        let mut now = t;
        while now < until {
            now = match self.method {
                Method::Faber { .. } => {
                    self.scale.clear();
                    state.bounds(FLOOR, &mut self.scale);
                    self.series(state.data_mut(), now, until)?
                }
                Method::Stepper(_) => self.step(state, now, until)?,
            };
            let trace = state.trace();
            if !(trace.is_finite() && trace > 0.0) {
                return Err(EvolveError::Trace { t: now, trace });
            }
            state.rescale(trace);
        }
        Ok(())
    }

    /// Advances an operator X that is no state, Ẋ = GX without a norm to keep: `x` as [`Generator::apply`] takes it, all elements on one
    /// scale.
    ///
    /// # Errors
    /// [`EvolveError::Series`].
    ///
    /// # Panics
    /// When the generator depends on the time, or `x` does not fit.
    pub fn advance_operator(&mut self, x: &mut [f64], t: f64, until: f64) -> Result<(), EvolveError> {
        assert!(!self.generator.depends_on_time(), "a driven operator has no series");
        let mut now = t;
        while now < until {
            let largest = x.iter().map(|x| x.abs()).fold(0.0, f64::max);
            if largest == 0.0 {
                return Ok(());
            }
            self.scale.clear();
            self.scale.resize(self.generator.layout().len(), largest);
            now = self.series(x, now, until)?;
        }
        Ok(())
    }

    fn step(&mut self, state: &mut Density, t: f64, until: f64) -> Result<f64, EvolveError> {
        let Method::Stepper(stepper) = &mut self.method else { unreachable!("the method was matched") };
        let mut point = State::new(t, std::mem::take(state.data_mut()));
        if let Some(frame) = &self.frame {
            frame.append(state.displacement_mut(), &mut point.y);
        }
        let mut driven = Driven { generator: &mut self.generator, frame: self.frame.as_mut(), failed: None };
        let before = stepper.statistics().evaluations;
        let StepOutcome { reason, .. } = stepper.step(&mut driven, &mut point, until);
        let failed = driven.failed;
        if let Some(frame) = &self.frame {
            let growth = frame.take(state.displacement_mut(), &mut point.y);
            state.grow(growth);
        }
        *state.data_mut() = point.y;
        self.work.steps += 1;
        self.work.applications += stepper.statistics().evaluations - before;
        match (reason.into_result(), failed) {
            (Ok(_), _) => Ok(point.t),
            (Err(_), Some(error)) => Err(EvolveError::Value(error)),
            (Err(error), None) => Err(EvolveError::Ode(error)),
        }
    }

    /// One step of the series; gives the time reached.
    fn series(&mut self, x: &mut [f64], t: f64, until: f64) -> Result<f64, EvolveError> {
        let extent = self.generator.extent();
        let centre = 0.5 * (extent.low + extent.high);
        let (a, b) = (0.5 * (extent.high - extent.low), extent.imaginary);
        if a == 0.0 && b == 0.0 {
            // A number.
            let factor = ((until - t) * centre).exp();
            x.iter_mut().for_each(|x| *x *= factor);
            return Ok(until);
        }
        let radius = (0.5 * (a + b)).max(f64::MIN_POSITIVE);
        let focus = (a - b) / (a + b).max(f64::MIN_POSITIVE);
        // e²/4ρ² = (a − b)/(a + b).
        let weight = focus;
        // Terms may grow by e^{ha} over the result, which costs digits: as many as the tolerance leaves.
        let growth = ((self.tolerance / 1e-15).ln() - 3.0).clamp(4.0, 12.0);
        let mut h = (REACH / radius).min(growth / a.max(f64::MIN_POSITIVE)).min(self.longest);
        let left = until - t;
        // Equal steps to the end.
        h = left / (left / h).ceil().max(1.0);
        loop {
            let coefficients = coefficients(h * radius, weight);
            if self.summed(x, centre, radius, weight, &coefficients) {
                let Method::Faber { sum, .. } = &mut self.method else { unreachable!("the method was matched") };
                let factor = (h * centre).exp();
                x.iter_mut().zip(sum).for_each(|(x, s)| *x = factor * *s);
                self.work.steps += 1;
                return Ok(if h >= left * (1.0 - 1e-12) { until } else { t + h });
            }
            h *= 0.5;
            self.longest = h;
            if t + h == t || h < 1e-12 * left {
                return Err(EvolveError::Series { t });
            }
        }
    }

    /// Σ_n c_n Q_n x into the sum; false where the terms do not fall below the tolerance, or grow so that digits are lost.
    fn summed(&mut self, x: &[f64], centre: f64, radius: f64, weight: f64, c: &[f64]) -> bool {
        let Method::Faber { now, old, sum } = &mut self.method else { unreachable!("the method was matched") };
        now.copy_from_slice(x);
        old.fill(0.0);
        sum.iter_mut().zip(x).for_each(|(s, x)| *s = c[0] * x);
        let (scale, shift) = (1.0 / radius, centre / radius);
        // The last terms are compared once the coefficients have begun to fall.
        let largest = c.iter().enumerate().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs())).map_or(0, |(n, _)| n);
        for n in 1..c.len() {
            let twice = if n == 2 { 2.0 } else { 1.0 };
            let step = Recurrence { scale, shift, weight: twice * weight, share: [c[n - 1], c[n]] };
            self.work.applications += 1;
            // Terms enter the sum in pairs.
            if n % 2 == 1 {
                self.generator.recur(step, now, old);
                std::mem::swap(now, old);
                continue;
            }
            self.generator.recur_and_sum(step, now, old, sum);
            std::mem::swap(now, old);
            // Where the coefficients alone make a term small it need not be looked at.
            if n > largest && (c[n].abs() < 1e3 * self.tolerance) {
                let size = c[n].abs() * weighted(now, &self.scale);
                if !size.is_finite() {
                    return false;
                }
                let enough = 0.1 * self.tolerance;
                if size <= enough && c[n - 1].abs() * weighted(old, &self.scale) <= enough {
                    return true;
                }
            }
        }
        false
    }
}

/// The largest modulus of an element in units of its scale.
fn weighted(x: &[f64], scale: &[f64]) -> f64 {
    let (re, im) = (&x[..scale.len()], &x[scale.len()..]);
    let square = re.iter().zip(im).zip(scale).map(|((a, b), s)| (a * a + b * b) / (s * s)).fold(0.0, f64::max);
    square.sqrt()
}

/// c_n of the module's formula for hρ = `reach` and e²/4ρ² = `weight`, by downward recurrence
/// c_{n−1} = weight c_{n+1} + (n/reach) c_n.
fn coefficients(reach: f64, weight: f64) -> Vec<f64> {
    let start = DEGREE + 40;
    let mut c = vec![0.0; start + 2];
    c[start] = 1e-300;
    for n in (1..=start).rev() {
        c[n - 1] = weight * c[n + 1] + n as f64 / reach * c[n];
        if c[n - 1].abs() > 1e250 {
            c[n - 1..].iter_mut().for_each(|x| *x *= 1e-280);
        }
    }
    // The generating identity where all its terms have one sign: at a focus for real foci, at the centre for imaginary ones.
    let (mut total, mut value) = (c[0], 1.0);
    let target = if weight > 0.0 {
        // Q_n at the focus e: 2 (e/2ρ)ⁿ with e/2ρ = √weight.
        let e = weight.sqrt();
        for x in &c[1..] {
            value *= e;
            total += 2.0 * value * x;
        }
        (2.0 * e * reach).exp()
    } else {
        // Q_{2k} at the centre: 2 (−weight)^k.
        for k in 1..c.len() / 2 {
            value *= -weight;
            total += 2.0 * value * c[2 * k];
        }
        1.0
    };
    c.truncate(DEGREE);
    c.iter_mut().for_each(|x| *x *= target / total);
    c
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;
    use huygens_numerics::c64;

    /// A generator that is a number on what is populated: the vacuum under H = n, and under a constant H_c.
    #[test]
    fn nothing_moves() {
        use super::super::{Cutoff, Problem};
        for (gain, growth) in [("", 0.0), ("0.3", 1.2)] {
            let model = crate::levels::tests::model(&["a"], &[], "n(a)", gain, &[], &[]);
            let cutoff = Cutoff::Product(vec![5]);
            let problem = Problem::new(&model, &model.bind(&[]).unwrap(), cutoff, 1e9).unwrap();
            let mut state = problem.start;
            assert_eq!(state.layout().len(), 1);
            Evolution::new(problem.generator, 1e-10).advance(&mut state, 0.0, 2.0).unwrap();
            assert_relative_eq!(state.log_trace(), growth, epsilon = 1e-14);
        }
    }

    /// The series at points of the ellipse gives the exponential, for flat, round and upright ellipses.
    #[test]
    fn faber_series_of_the_exponential() {
        for (a, b) in [(1.0, 0.0), (0.0, 1.0), (0.7, 0.7), (0.2, 1.0), (1.0, 0.4)] {
            for reach in [0.3, 4.0, 16.0] {
                let radius = 0.5 * (a + b);
                let weight = (a - b) / (a + b);
                let h = reach / radius;
                let c = coefficients(reach, weight);
                for k in 0..8 {
                    let angle = 0.7 * f64::from(k);
                    let z = c64::new(a * angle.cos(), b * angle.sin());
                    let (mut old, mut now) = (c64::new(1.0, 0.0), z / radius);
                    let mut sum = c[0] * old + c[1] * now;
                    for (n, share) in c.iter().enumerate().skip(2) {
                        let next = z / radius * now - if n == 2 { 2.0 } else { 1.0 } * weight * old;
                        (old, now) = (now, next);
                        sum += share * now;
                    }
                    let exact = (h * z).exp();
                    assert!((sum - exact).norm() < 1e-13 * (h * a).exp().max(1.0), "{a} {b} {reach}: {sum} {exact}");
                }
            }
        }
        assert_relative_eq!(coefficients(2.0, 0.0)[3], 8.0 / 6.0, max_relative = 1e-14);
    }
}
