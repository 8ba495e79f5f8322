//! Searches whose answers are known in closed form.

use std::f64::consts::PI;
use std::sync::atomic::{AtomicBool, Ordering};

use huygens_numerics::linalg::RMatrix;
use huygens_numerics::optimize::{
    End, Kind, Landscape, OptimizeError, Optimum, Options, Outcome, Range, Sample, Search, search,
};
use proptest::prelude::*;

fn range(start: f64, stop: f64) -> Range {
    Range::new(start, stop, false).unwrap()
}

fn sample(objective: f64, constraints: &[f64]) -> Option<Sample> {
    Some(Sample { objective, constraints: constraints.to_vec() })
}

fn found(search: &Search) -> (&Optimum, &[Optimum]) {
    match &search.outcome {
        Outcome::Found { best, others } => (best, others),
        other => panic!("nothing found: {other:?}"),
    }
}

/// Reproducible noise of this relative size.
fn noise(x: f64, size: f64) -> f64 {
    let bits = x.to_bits().wrapping_mul(0x9e37_79b9_7f4a_7c15);
    1.0 + size * ((bits >> 11) as f64 / (1u64 << 52) as f64 - 1.0)
}

fn line(start: f64, stop: f64, f: impl Fn(f64) -> f64 + Sync) -> Search {
    search(&[range(start, stop)], 0, &|x: &[f64]| sample(f(x[0]), &[]), &Options::default()).unwrap()
}

#[test]
fn every_local_minimum_is_found_and_the_ends_count() {
    let search = line(0.0, 20.0, |x| x.cos() + 0.01 * x);
    let (best, others) = found(&search);
    let at = |k: f64| PI - 0.01f64.asin() + 2.0 * PI * k;
    assert!((best.x[0] - at(0.0)).abs() < 1e-11, "{best:?}");
    // Two more minima, and the upper end, towards which the function falls.
    assert_eq!(others.len(), 3, "{others:?}");
    assert!((others[1].x[0] - at(2.0)).abs() < 1e-11);
    let search = line(0.0, 5.0, f64::cos);
    let (best, _) = found(&search);
    assert!((best.x[0] - PI).abs() <= 3.0 * best.error[0].max(1e-14) && best.error[0] < 1e-12, "{best:?}");
    let search = line(0.5, 1.5, |x| (x - 4.0).powi(2));
    let (best, others) = found(&search);
    assert_eq!((best.x[0], best.ends[0], best.kind, others.len()), (1.5, Some(End::Stop), Kind::Corner, 0));
}

#[test]
fn locations_beat_the_square_root_of_rounding() {
    // Noise of 1e-14 lets values be compared to 1e-7 of the width only.
    for (centre, width) in [(0.015276227, 0.01), (0.3, 0.05), (0.77, 0.4), (0.9999, 0.2)] {
        for (k, size) in [0.0, 1e-14].into_iter().enumerate() {
            let search = line(0.0, 1.0, |x| -noise(x, size) / (1.0 + ((x - centre) / width).powi(2)) - 3.0);
            let (best, _) = found(&search);
            let off = (best.x[0] - centre).abs() / centre;
            assert!(off < [1e-11, 1e-9][k], "{off:e} at {centre}: {best:?}");
            assert!((best.x[0] - centre).abs() < 10.0 * best.error[0] + 1e-15, "the error is honest: {best:?}");
            assert_eq!(best.kind, Kind::Stationary);
        }
    }
    // In the logarithm: ln² x/3 over twelve decades.
    let landscape = |x: &[f64]| sample((x[0] / 3.0).ln().powi(2), &[]);
    let search = search(&[Range::new(1e-6, 1e6, true).unwrap()], 0, &landscape, &Options::default()).unwrap();
    assert!((found(&search).0.x[0] - 3.0).abs() < 1e-11, "{search:?}");
}

#[test]
fn levels_are_crossed_to_rounding() {
    // The least x with tanh 7x ≥ 1/2, and the greatest.
    let level = 0.5f64.atanh() / 7.0;
    let least =
        search(&[range(0.0, 1.0)], 1, &|x: &[f64]| sample(x[0], &[(7.0 * x[0]).tanh() - 0.5]), &Options::default());
    let least = least.unwrap();
    let (best, _) = found(&least);
    assert!((best.x[0] - level).abs() < 1e-14 && best.active == [0] && best.kind == Kind::Corner, "{best:?}");
    assert!(best.sample.constraints[0] >= 0.0);
    // Two stretches: sin x ≥ 0.9; the objective falls towards the left end of the second.
    let two = |x: &[f64]| sample((x[0] - 7.0).abs(), &[x[0].sin() - 0.9]);
    let two = search(&[range(0.0, 10.0)], 1, &two, &Options::default()).unwrap();
    let (best, others) = found(&two);
    assert!((best.x[0] - (2.0 * PI + 0.9f64.asin())).abs() < 1e-13, "{best:?}");
    assert!(others.iter().any(|o| (o.x[0] - (PI - 0.9f64.asin())).abs() < 1e-13), "{others:?}");
}

#[test]
fn narrow_stretches_between_the_points_are_seen() {
    // x is allowed within 1e-4 of 0.4567 alone; the grid has steps of 5e-3.
    let pocket = |x: &[f64]| sample(x[0], &[1e-8 - (x[0] - 0.4567).powi(2)]);
    let search = search(&[range(0.0, 1.0)], 1, &pocket, &Options::default()).unwrap();
    let (best, _) = found(&search);
    assert!((best.x[0] - 0.4566).abs() < 1e-12, "{best:?}");
}

#[test]
fn what_cannot_be_met_says_how_near_it_comes() {
    let landscape = |x: &[f64]| sample(x[0], &[x[0].sin() - 1.5, 2.0 - x[0]]);
    let none = search(&[range(0.0, 10.0)], 2, &landscape, &Options::default()).unwrap();
    let Outcome::Infeasible { x, broken, sample: s } = &none.outcome else { panic!("{none:?}") };
    assert!((x[0] - PI / 2.0).abs() < 1e-4 && broken == &[0] && (s.constraints[0] + 0.5).abs() < 1e-8, "{none:?}");
    let disc = |x: &[f64]| sample(x[0], &[1.0 - x[0] * x[0] - x[1] * x[1], x[0] + x[1] - 2.0]);
    let none = search(&[range(-2.0, 2.0), range(-2.0, 2.0)], 2, &disc, &Options::default()).unwrap();
    let Outcome::Infeasible { x, .. } = &none.outcome else { panic!("{none:?}") };
    assert!((x[0] - x[1]).abs() < 1e-2 && x[0] > 0.7 && x[0] < 1.0, "between disc and line: {none:?}");
    let nothing = |_: &[f64]| -> Option<Sample> { None };
    let none = search(&[range(0.0, 1.0)], 0, &nothing, &Options::default()).unwrap();
    assert_eq!((none.outcome, none.evaluations, none.without_value), (Outcome::NoValue, 201, 201));
}

#[test]
fn edges_jumps_kinks_and_plateaus_are_called_so() {
    // Values only up to √½; the objective falls towards the edge.
    let edge = |x: &[f64]| if x[0] * x[0] <= 0.5 { sample(-x[0], &[]) } else { None };
    let search_edge = search(&[range(0.0, 1.0)], 0, &edge, &Options::default()).unwrap();
    let (best, _) = found(&search_edge);
    assert!(best.kind == Kind::Edge && (best.x[0] - 0.5f64.sqrt()).abs() < 1e-10, "{best:?}");
    assert!(search_edge.without_value > 50);
    // A constraint that jumps.
    let jump = |x: &[f64]| sample(x[0], &[if x[0] < 1.0 / 3.0 { -1.0 } else { 1.0 }]);
    let search_jump = search(&[range(0.0, 1.0)], 1, &jump, &Options::default()).unwrap();
    let (best, _) = found(&search_jump);
    assert!(best.kind == Kind::Jump && (best.x[0] - 1.0 / 3.0).abs() < 1e-14 && best.sample.constraints == [1.0]);
    // Discontinuous objective: the infimum from the left, 0.6, is the best there is.
    let step = line(0.0, 1.0, |x| if x < 0.6 { 1.0 - x } else { 2.0 - x });
    let (best, others) = found(&step);
    assert!(best.kind == Kind::Rough && (best.x[0] - 0.6).abs() < 1e-9 && best.x[0] < 0.6, "{best:?}");
    assert_eq!(others.len(), 1, "the upper end is a local optimum: {others:?}");
    let kink = line(-1.0, 1.0, |x| (x - 0.12345).abs());
    let (best, _) = found(&kink);
    assert!(best.kind == Kind::Rough && (best.x[0] - 0.12345).abs() < 1e-9, "{best:?}");
    let flat = line(0.0, 1.0, |x| (x - 0.5).abs().max(0.25) * noise(x, 1e-15));
    let (best, others) = found(&flat);
    assert!(best.kind == Kind::Plateau && (best.x[0] - 0.5).abs() < 0.01 && (best.error[0] - 0.25).abs() < 0.01);
    assert!(others.is_empty(), "{others:?}");
}

#[test]
fn noise_is_not_taken_for_precision() {
    let rough = line(0.0, 1.0, |x| 1.0 + (x - 0.4).powi(2) * 1e-3 + 1e-8 * (noise(x, 1.0) - 1.0));
    let (best, _) = found(&rough);
    assert!((best.x[0] - 0.4).abs() < 0.05, "{best:?}");
    assert!(best.error[0] > 1e-6, "{best:?}");
    assert!(rough.evaluations < 6000, "{}", rough.evaluations);
}

#[test]
fn curved_constraints_and_several_minima() {
    let options = Options::default();
    let square = [range(-2.0, 2.0), range(-2.0, 2.0)];
    let disc = |x: &[f64]| sample(x[0] + x[1], &[1.0 - x[0] * x[0] - x[1] * x[1]]);
    let disc = search(&square, 1, &disc, &options).unwrap();
    let (best, _) = found(&disc);
    assert!(best.x.iter().all(|x| (x + 0.5f64.sqrt()).abs() < 1e-11), "{best:?}");
    assert_eq!((best.active.as_slice(), best.kind), ([0].as_slice(), Kind::Stationary));
    let himmelblau = |x: &[f64]| sample((x[0] * x[0] + x[1] - 11.0).powi(2) + (x[0] + x[1] * x[1] - 7.0).powi(2), &[]);
    let four = search(&[range(-5.0, 5.0), range(-5.0, 5.0)], 0, &himmelblau, &options).unwrap();
    let (best, others) = found(&four);
    assert_eq!(others.len(), 3, "{others:?}");
    let exact = [
        [3.0, 2.0],
        [-2.805118086952745, 3.131312518250573],
        [-3.779310253377747, -3.28318599128617],
        [3.584428340330492, -1.848126526964404],
    ];
    for want in exact {
        let near = |o: &Optimum| o.x.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-9);
        assert!(near(best) || others.iter().any(near), "{want:?}");
    }
    let rosenbrock = |x: &[f64]| sample((1.0 - x[0]).powi(2) + 100.0 * (x[1] - x[0] * x[0]).powi(2), &[]);
    let valley = search(&square, 0, &rosenbrock, &options).unwrap();
    assert!(found(&valley).0.x.iter().all(|x| (x - 1.0).abs() < 1e-8), "{:?}", found(&valley).0);
}

#[test]
fn edges_and_kinks_in_several_coordinates() {
    let square = [range(0.0, 1.0), range(0.0, 1.0)];
    let half = |x: &[f64]| if x[0] + x[1] <= 1.2 { sample(-x[0] - 0.5 * x[1], &[]) } else { None };
    let edge = search(&square, 0, &half, &Options::default()).unwrap();
    let (best, _) = found(&edge);
    assert!(best.sample.objective < -1.09 && best.x[0] + best.x[1] <= 1.2, "{best:?}");
    let kink = |x: &[f64]| sample((x[0] - 0.31).abs() + (x[1] - 0.77).abs(), &[]);
    let kink = search(&square, 0, &kink, &Options::default()).unwrap();
    let (best, _) = found(&kink);
    assert!((best.x[0] - 0.31).abs() < 1e-4 && (best.x[1] - 0.77).abs() < 1e-4 && best.kind == Kind::Rough, "{best:?}");
    // Stationary right at the end of a range.
    let even = |x: &[f64]| sample(-(2.0 * x[0]).cos() * (1.0 + x[1]), &[]);
    let even = search(&square, 0, &even, &Options::default()).unwrap();
    let (best, _) = found(&even);
    assert!(best.ends == [Some(End::Start), Some(End::Stop)] && best.kind == Kind::Corner, "{best:?}");
    let flat = |_: &[f64]| sample(0.0, &[]);
    let flat = search(&square, 0, &flat, &Options::default()).unwrap();
    assert_eq!(found(&flat).0.kind, Kind::Plateau);
    // A whole line of optima is one of them.
    let line = |x: &[f64]| sample(-x[0], &[x[1] - 0.3]);
    let line = search(&square, 1, &line, &Options::default()).unwrap();
    let (best, others) = found(&line);
    assert!(best.kind == Kind::Plateau && best.x[0] == 1.0 && best.x[1] >= 0.3 && others.is_empty(), "{line:?}");
}

#[test]
fn the_order_of_the_work_does_not_matter_and_it_can_be_stopped() {
    struct Backwards<'a>(&'a AtomicBool);
    impl Landscape for Backwards<'_> {
        fn at(&self, x: &[f64]) -> Option<Sample> {
            sample((3.0 * x[0]).sin() + (x[1] - 0.3).powi(2) * x[2], &[x[0] + x[1] - 0.4, 1.5 - x[2]])
        }
        fn each(&self, count: usize, task: &(dyn Fn(usize) + Sync)) {
            (0..count).rev().for_each(task);
        }
        fn stopped(&self) -> bool {
            self.0.load(Ordering::Relaxed)
        }
    }
    let stop = AtomicBool::new(false);
    let ranges = [range(-1.0, 1.0), range(-1.0, 1.0), range(1.0, 2.0)];
    let forwards = |x: &[f64]| Backwards(&AtomicBool::new(false)).at(x);
    let one = search(&ranges, 2, &forwards, &Options::default()).unwrap();
    let two = search(&ranges, 2, &Backwards(&stop), &Options::default()).unwrap();
    assert_eq!(one, two);
    // sin 3x is lowest at −π/6; y ≥ 0.4 − x there is 0.92…: a compromise on the line x + y = 0.4 with z = 1.
    let (best, _) = found(&one);
    assert!(best.ends[2] == Some(End::Start) && best.active == [0], "{best:?}");
    let x = best.x[0];
    assert!((3.0 * (3.0 * x).cos() - 2.0 * (0.1 - x)).abs() < 1e-10, "{best:?}");
    stop.store(true, Ordering::Relaxed);
    assert_eq!(search(&ranges, 2, &Backwards(&stop), &Options::default()), Err(OptimizeError::Interrupted));
}

#[test]
fn ranges_that_mean_nothing_are_refused() {
    assert!(matches!(Range::new(1.0, 1.0, false), Err(OptimizeError::Empty { .. })));
    assert!(matches!(Range::new(2.0, 1.0, false), Err(OptimizeError::Empty { .. })));
    assert!(matches!(Range::new(0.0, f64::NAN, false), Err(OptimizeError::Empty { .. })));
    assert!(matches!(Range::new(0.0, 1.0, true), Err(OptimizeError::NotPositive { .. })));
    let flat = |_: &[f64]| sample(0.0, &[]);
    let few = Options { points: Some(2), ..Options::default() };
    assert!(matches!(search(&[range(0.0, 1.0)], 0, &flat, &few), Err(OptimizeError::Points { .. })));
    assert!(matches!(search(&[], 0, &flat, &few), Err(OptimizeError::Coordinates { count: 0 })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// A convex quadratic with one linear constraint, built around its answer: H x* + g = λ a with λ ≥ 0 makes x* the least
    /// point where a·x ≥ a·x*.
    #[test]
    fn quadratics_under_linear_constraints(
        n in 2usize..5,
        entries in prop::collection::vec(-1.0f64..1.0, 16),
        answer in prop::collection::vec(0.2f64..0.8, 4),
        normal in prop::collection::vec(-1.0f64..1.0, 4),
        multiplier in prop_oneof![Just(0.0), 0.1f64..3.0],
    ) {
        let b = RMatrix::from_fn(n, n, |i, j| entries[4 * i + j]);
        let h = RMatrix::from_fn(n, n, |i, j| (0..n).map(|k| b[(i, k)] * b[(j, k)]).sum::<f64>() + if i == j { 0.3 } else { 0.0 });
        let (answer, normal) = (&answer[..n], &normal[..n]);
        prop_assume!(normal.iter().map(|a| a * a).sum::<f64>() > 0.1);
        let g: Vec<f64> = h.mul_vec(answer).iter().zip(normal).map(|(hx, a)| multiplier * a - hx).collect();
        let slack = if multiplier == 0.0 { 0.1 } else { 0.0 };
        let landscape = |x: &[f64]| {
            let hx = h.mul_vec(x);
            let f = x.iter().zip(&hx).zip(&g).map(|((x, h), g)| x * (0.5 * h + g)).sum::<f64>();
            let c = normal.iter().zip(x).zip(answer).map(|((a, x), s)| a * (x - s)).sum::<f64>() + slack;
            sample(f, &[c])
        };
        let ranges = vec![range(0.0, 1.0); n];
        let search = search(&ranges, 1, &landscape, &Options { points: Some(100), ..Options::default() }).unwrap();
        let (best, _) = found(&search);
        for (x, want) in best.x.iter().zip(answer) {
            prop_assert!((x - want).abs() < 1e-10, "{best:?} instead of {answer:?}");
        }
        prop_assert_eq!(best.active.len(), usize::from(multiplier > 0.0));
    }
}
