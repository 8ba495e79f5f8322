//! Density matrices in displaced number states: what can be asked of them, and where a steady state has its origin.

use huygens_numerics::c64;

use super::{Experiment, ExperimentError, Level, Options};
use crate::algebra::{ModeId, Scalar};
use crate::levels::fock::{Cutoff, Stationary, displaced, needed};
use crate::levels::gaussian::orbit;
use crate::levels::mean_field::attractor::{self, Attractor};
use crate::levels::mean_field::cycle;
use crate::measures::{CountingMeasure, Request};
use crate::model::Binding;

/// Points of an orbit that its centre is the mean of.
const POINTS: usize = 256;
/// A displacement below this share of the largest, or of one quantum, is none.
const NONE: f64 = 1e-9;

/// Quanta that a cut-off about zero has to hold before another origin is looked for.
const FAR: usize = 20;

/// Whether displaced number states can give what is asked.
pub(super) fn displaceable(requests: &[Request], options: &Options) -> Result<(), ExperimentError> {
    let wrong = |text: String| Err(ExperimentError::Options(text));
    if options.level != Level::Fock {
        let name = options.level.name();
        return wrong(format!("the level {name} has no number states to displace: leave out --displaced"));
    }
    if options.truncation.jumps.is_some() {
        return wrong(
            "trajectories with quantum jumps are followed in number states about the origin: leave out --displaced, or --trajectories for the density matrix".into(),
        );
    }
    for request in requests {
        let reason = match request.definition.name {
            "phase_coherence" | "phase_distribution" => "is that of the phase states Σ e^{inφ}|n⟩ about the origin",
            _ if request.definition.needs_dynamics() => "compares with an equilibrium about the origin",
            _ => continue,
        };
        return wrong(format!("`{}` {reason}: leave out --displaced", request.text));
    }
    Ok(())
}

impl Experiment {
    /// Where the mean field rests that the model's start leads to, or the centre of the orbit that it ends on.
    pub(super) fn centre(&self, binding: &Binding) -> Result<Vec<c64>, ExperimentError> {
        let bound = self.bind(binding)?;
        let start = self.model.start_values(binding)?;
        let period = self.drive_period(binding)?;
        let options = &self.options.search;
        let found = attractor::find(&bound, &self.charges, period, &start, options);
        let goes = |how: &str| {
            ExperimentError::Options(format!(
                "the mean field of `{}` {how} from its start, and has no centre to displace number states to: leave out --displaced, start elsewhere, or follow the state in time with --until T",
                self.model.name
            ))
        };
        let zero = c64::new(0.0, 0.0);
        let mut centre = match found.attractor {
            // What a symmetry moves has the mean of all its points, zero.
            Attractor::FixedPoint(fixed) => {
                let moved = |k: usize| {
                    let columns = 0..fixed.neutral.cols();
                    columns.map(|j| fixed.neutral[(2 * k, j)].hypot(fixed.neutral[(2 * k + 1, j)])).fold(0.0, f64::max)
                };
                fixed.point.iter().enumerate().map(|(k, z)| if moved(k) > NONE { zero } else { *z }).collect()
            }
            Attractor::Rotating(rotating) => rotating
                .point
                .iter()
                .zip(&rotating.frequencies)
                .map(|(z, w)| if *w != 0.0 { zero } else { *z })
                .collect(),
            Attractor::Cycle(orbit) => {
                let times: Vec<f64> = (1..=POINTS).map(|j| orbit.period * j as f64 / POINTS as f64).collect();
                let tolerance = attractor::tolerance(1e-8, &orbit.start);
                let path = cycle::sample(&bound, &orbit.start, 0.0, &times, tolerance, options.bound)
                    .map_err(|_| goes("turns on an orbit that cannot be followed"))?;
                let mean = |k: usize| path.iter().map(|z| z[k]).sum::<c64>() / POINTS as f64;
                (0..start.len()).map(mean).collect::<Vec<c64>>()
            }
            Attractor::Torus(_) => return Err(goes("goes to a torus")),
            Attractor::Chaos(_) => return Err(goes("becomes chaotic")),
            Attractor::Diverging { .. } => return Err(goes("leaves every bound")),
            Attractor::Undecided(_) => return Err(goes("does not settle")),
        };
        let largest = centre.iter().map(|z: &c64| z.norm()).fold(1.0, f64::max);
        centre.iter_mut().filter(|z| z.norm() <= NONE * largest).for_each(|z| *z = zero);
        Ok(centre)
    }

    /// The origin that a steady state is looked for about without having been asked: where the mean field rests, if the fluctuations
    /// about it, in the Gaussian approximation, fit below clearly smaller cut-offs there than about zero; with the coupling switched
    /// off, too. No more than an estimate is needed: the state is the same about every origin, and checked for its cut-off.
    pub(super) fn better_origin(&self, binding: &Binding) -> Option<Vec<c64>> {
        let asked = &self.options.truncation;
        let free = self.model.first_spin().is_none() && self.model.keeps_trace(binding);
        if asked.cutoff.is_some() || !free || displaceable(&self.requests, &self.options).is_err() {
            return None;
        }
        let bindings = match self.model.uncoupled_binding(binding) {
            Ok(Some(control)) if self.options.control => vec![binding.clone(), control],
            _ => vec![binding.clone()],
        };
        let mut origin = None;
        for binding in &bindings {
            let bound = self.bind(binding).ok()?;
            let start = self.model.start_values(binding).ok()?;
            let found = attractor::find(&bound, &self.charges, None, &start, &self.options.search);
            let Attractor::FixedPoint(fixed) = found.attractor else { return None };
            if fixed.neutral.cols() > 0 {
                return None;
            }
            let state = orbit::at_fixed_point(&bound, &fixed).ok()?;
            let covariance = &state.samples.first()?.base;
            let zero = vec![c64::new(0.0, 0.0); start.len()];
            let each = Cutoff::Product(vec![1; start.len()]);
            let [far, near] = [&fixed.point, &zero].map(|means| needed(means, covariance, &each, 1e-7));
            if far < FAR || 5 * near > 2 * far {
                return None;
            }
            origin.get_or_insert(fixed.point);
        }
        origin
    }

    /// The generator of a steady state, about an origin.
    pub(super) fn resting(
        &self,
        binding: &Binding,
        cutoff: &Cutoff,
        origin: Option<&[c64]>,
    ) -> Result<Stationary, ExperimentError> {
        let memory = self.options.truncation.memory;
        let moved = origin.map(|alpha| {
            let of = |mode: ModeId| Some(alpha[mode.0 as usize]).filter(|z| z.norm() > 0.0).map(Scalar::number);
            // Events are those of whole jumps.
            let counted = self.requests.iter().any(|r| CountingMeasure::of(r.definition).is_some());
            displaced(&self.model, &of, counted)
        });
        Stationary::new(moved.as_ref().unwrap_or(&self.model), binding, cutoff.clone(), memory)
            .map_err(ExperimentError::Fock)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use approx::assert_relative_eq;

    use super::*;
    use crate::experiment::{Truncation, Window};
    use crate::levels::tests::model;
    use crate::model::Model;
    use crate::report::{Report, Status};

    fn run(model: &Arc<Model>, measures: &[&str], truncation: Truncation, until: Option<f64>) -> Report {
        let window = until.map(|to| Window { from: 0.0, to, samples: 4 });
        let options = Options { level: Level::Fock, window, truncation, ..Options::default() };
        let measures: Vec<String> = measures.iter().map(ToString::to_string).collect();
        let binding = model.bind(&[]).unwrap();
        Experiment::new(model.clone(), &measures, options).unwrap().run(&binding).unwrap()
    }

    /// Steady states with growing cut-offs, or a window with given ones.
    fn displaced_and_not(
        model: &Arc<Model>,
        measures: &[&str],
        until: Option<(f64, [Cutoff; 2])>,
        accuracy: f64,
    ) -> [Report; 2] {
        let (until, cutoffs) = until.map_or((None, [None, None]), |(t, cutoffs)| (Some(t), cutoffs.map(Some)));
        let [displaced, plain] = [true, false].map(|displaced| {
            let cutoff = cutoffs[usize::from(!displaced)].clone();
            let certify = cutoff.is_none();
            run(model, measures, Truncation { displaced, certify, cutoff, ..Truncation::default() }, until)
        });
        for report in [&displaced, &plain] {
            assert!(report.checks.iter().all(|c| c.status != Status::Fail), "{:#?}", report.checks);
        }
        for name in measures {
            let (a, b) = (displaced.value(name).unwrap(), plain.value(name).unwrap());
            assert!((a - b).abs() < accuracy * b.abs().max(1.0), "{name}: {a} {b}");
        }
        [displaced, plain]
    }

    /// Two coupled Kerr oscillators, one of them driven, over a window.
    #[test]
    fn a_window_with_and_without() {
        let model = Arc::new(model(
            &["a", "b"],
            &[],
            "0.4*n(a) + 0.3*n(b) + 0.05*dag(a)^2*a^2 + 0.4*(dag(a)*b + h.c.) + 0.3*cos(t)*(a + dag(a))",
            "",
            &["sqrt(0.4)*a", "sqrt(0.3)*b"],
            &[["a", "1", "0", "0", "0"], ["b", "-0.4*i", "0", "0", "0"]],
        ));
        let measures = [
            "n(a)",
            "sync_distance(a,b)",
            "pearson(q(a),q(b))",
            "complete_sync(a,b)",
            "radius(b)",
            "purity(a)",
            "mutual_information(a,b)",
            "log_negativity(a,b)",
            "entropy(a,b)",
            "g2(b)",
            "wigner_negativity(a)",
            "capacity_of_entanglement",
        ];
        let [displaced, plain] =
            displaced_and_not(&model, &measures, Some((2.0, [8, 12].map(|n| Cutoff::Product(vec![n; 2])))), 1e-3);
        // The orbits are those of the means.
        for (one, two) in displaced.orbits.iter().zip(&plain.orbits) {
            assert!(one.re.iter().zip(&two.re).all(|(x, y)| (x - y).abs() < 1e-4));
        }
        assert!(displaced.method.starts_with("displaced number states"));
        assert!(displaced.checks.iter().any(|c| c.name == "displacement" && c.value.unwrap() > 0.9));
    }

    /// A steady state about the fixed point, with lines, gap and counts; and one about the centre of a limit cycle.
    #[test]
    fn steady_states_about_the_centre_of_the_mean_field() {
        let driven = Arc::new(model(
            &["a"],
            &[],
            "0.3*n(a) + 0.05*dag(a)^2*a^2 + 0.8*(a + dag(a))",
            "",
            &["sqrt(0.9)*a", "sqrt(0.1)*dag(a)"],
            &[],
        ));
        let measures = [
            "n(a)",
            "purity(a)",
            "g2(a)",
            "liouvillian_gap",
            "emission_frequency(a)",
            "emission_linewidth(a)",
            "current(\"sqrt(0.9)*a\")",
            "current_noise(\"sqrt(0.9)*a\")",
            "current_skewness(\"sqrt(0.1)*dag(a)\")",
        ];
        let [displaced, _] = displaced_and_not(&driven, &measures, None, 1e-3);
        let far = displaced.checks.iter().find(|c| c.name == "displacement").unwrap().value.unwrap();
        assert!(far > 0.7, "{far}");
        let clock = Arc::new(model(
            &["a"],
            &[],
            "n(a) + 1.5*(a + dag(a))",
            "",
            &["sqrt(0.5)*dag(a)", "sqrt(0.1)*(a + 1.5)^2"],
            &[["a", "-0.5", "0", "0", "0"]],
        ));
        let [displaced, _] = displaced_and_not(&clock, &["n(a)", "purity(a)"], None, 1e-3);
        let far = displaced.checks.iter().find(|c| c.name == "displacement").unwrap().value.unwrap();
        // The cycle turns around the place of the drive.
        assert_relative_eq!(far, 1.5, epsilon = 0.2);
    }

    /// Anti-Hermitian parts: the growth rate does not depend on where the number states are.
    #[test]
    fn the_state_of_the_largest_growth() {
        let model = Arc::new(model(
            &["a"],
            &[],
            "0.5*n(a) + 0.6*(a + dag(a))",
            "-0.3*n(a) + 0.2*(a + dag(a))",
            &["sqrt(0.4)*a", "sqrt(0.2)*a^2"],
            &[],
        ));
        let [displaced, plain] = displaced_and_not(&model, &["n(a)", "purity(a)"], None, 1e-4);
        let growth = |r: &Report| r.checks.iter().find(|c| c.name == "growth rate").unwrap().value.unwrap();
        assert_relative_eq!(growth(&displaced), growth(&plain), epsilon = 1e-6);
    }

    #[test]
    fn what_cannot_be_displaced_is_refused() {
        let model = Arc::new(model(&["a"], &[], "n(a)", "", &["sqrt(0.5)*dag(a)"], &[["a", "1", "0", "0", "0"]]));
        let error = |measure: &str, change: &dyn Fn(&mut Options)| {
            let truncation = Truncation { displaced: true, at: vec![1.0], ..Truncation::default() };
            let mut options = Options { level: Level::Fock, truncation, ..Options::default() };
            change(&mut options);
            let experiment = Experiment::new(model.clone(), &[measure.to_owned()], options);
            let result = experiment.and_then(|e| e.run(&model.bind(&[]).unwrap()));
            result.err().map_or(String::new(), |e| e.to_string())
        };
        assert_eq!(error("n(a)", &|_| {}), "");
        assert!(error("phase_coherence(a)", &|_| {}).contains("phase states"));
        assert!(error("relative_entropy_rate", &|_| {}).contains("leave out --displaced"));
        assert!(error("n(a)", &|o| o.truncation.jumps = Some(10)).contains("about the origin"));
        assert!(error("n(a)", &|o| o.level = Level::Gaussian).contains("no number states"));
        assert!(error("n(a)", &|o| o.truncation.at.clear()).contains("leaves every bound"));
    }

    /// A strongly driven Kerr oscillator is looked for where its mean field rests, without having been asked; one whose phase diffuses
    /// on a ring is not. Both have the numbers of a large cut-off about zero.
    #[test]
    fn steady_states_choose_their_origin() {
        let far = "-0.2*n(a) + 0.02*dag(a)^2*a^2 + 3*i*(dag(a) - a)";
        let ring = "-0.1*n(a) + 0.3*i*(dag(a) - a)";
        for (h, jumps, moves) in [(far, vec!["a"], true), (ring, vec!["dag(a)", "sqrt(0.05)*a^2"], false)] {
            let model = Arc::new(model(&["a"], &[], h, "", &jumps, &[]));
            let measures = ["n(a)", "purity(a)", "g2(a)"];
            let free = run(&model, &measures, Truncation::default(), None);
            let cutoff = Some(Cutoff::Product(vec![70]));
            let plain = run(&model, &measures, Truncation { cutoff, ..Truncation::default() }, None);
            for report in [&free, &plain] {
                assert!(report.checks.iter().all(|c| c.status != Status::Fail), "{:#?}", report.checks);
            }
            assert_eq!(free.checks.iter().any(|c| c.name == "displacement"), moves);
            assert!(plain.checks.iter().all(|c| c.name != "displacement"));
            for name in measures {
                assert_relative_eq!(free.value(name).unwrap(), plain.value(name).unwrap(), max_relative = 1e-5);
            }
        }
    }
}
