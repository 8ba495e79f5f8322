//! Fig. 2: what the trajectories of the dimer show, in three columns: ten levels for each mode, converged, and beyond every basis.

use huygens::costs::bounds;
use huygens::levels::fock::Cutoff;
use huygens::measures::correlations::symplectic::mode_entropy;
use huygens_numerics::hull;

use super::super::figures::STATES;
use super::super::laboratory::{Bench, Closed, ENTROPY, KAPPA, LATE, NUMBERS, Point, Sample, trouble, value};
use super::super::trajectories::Trajectory;
use crate::papers::{Claim, PaperError, Verdict, Watch};

pub(in super::super) const IDS: &[&str] =
    &["fig2a-bounds", "fig2a-order", "gaussian", "fig2b-faster", "fig2b-order", "fig2b-monotone", "fig2-waste"];

/// The last point of what is known of a coupling beyond ten levels.
fn truth(t: &Trajectory) -> Result<Point, PaperError> {
    let last = t.grown.last().or(t.basis.last()).copied();
    last.filter(|p| p.time == LATE).ok_or_else(|| trouble("Fig. 2", format!("no state at t = 10 for k = {}", t.k)))
}

fn last(points: &[Point]) -> Result<Point, PaperError> {
    points.last().copied().ok_or_else(|| trouble("Fig. 2", "an empty run"))
}

/// The largest fall of a quantity below a value it had before.
fn drawdown(points: &[Point], of: impl Fn(&Point) -> f64) -> f64 {
    let (mut top, mut fall) = (f64::NEG_INFINITY, 0.0f64);
    for p in points {
        top = top.max(of(p));
        fall = fall.max(top - of(p));
    }
    fall
}

/// When D comes below `level` for good.
fn settled(points: &[Point], level: f64) -> Option<f64> {
    let above = points.iter().rposition(|p| p.distance > level);
    match above {
        Some(j) if j + 1 == points.len() => None,
        Some(j) => Some(points[j + 1].time),
        None => points.first().map(|p| p.time),
    }
}

pub(in super::super) fn audit(watch: &Watch<'_>) -> Result<Vec<Claim>, PaperError> {
    let all = Trajectory::all(&watch.quiet())?;
    watch.go_on()?;
    let [strong, .., one, weak] = &all[..] else { return Err(trouble("Fig. 2", "four couplings")) };
    let ends = all.iter().map(truth).collect::<Result<Vec<_>, _>>()?;
    let products = all.iter().map(|t| last(&t.product)).collect::<Result<Vec<_>, _>>()?;
    // Bounds and hull.
    let sample = Sample::new(KAPPA, STATES)?;
    let corners = hull::lower_hull(&sample.points(false));
    let (mut margin, mut sharp, mut inside) = ([f64::INFINITY; 2], [f64::INFINITY; 2], [f64::INFINITY; 2]);
    for t in &all {
        for (k, points) in [(0, &t.product), (1, &t.basis), (1, &t.grown)] {
            for p in points {
                let wrong = |e: bounds::BoundError| trouble("fig2a-bounds", e.to_string());
                let printed = bounds::quantum_printed(2, KAPPA, p.distance).map_err(wrong)?;
                margin[k] = margin[k].min(p.chi - printed);
                sharp[k] = sharp[k].min(p.chi - bounds::envelope(KAPPA, p.distance).map_err(wrong)?);
                // Only points well above zero: at the start both are zero up to the sample's density.
                if let Some(height) = hull::height(&corners, p.distance) {
                    inside[k] = inside[k].min(p.chi - height);
                }
            }
        }
    }
    watch.go_on()?;
    // D at t = 10 from k = 5 to k = −3, in the order of the caption.
    let order = |points: &[Point]| -> Vec<f64> {
        let d: Vec<f64> = points.iter().map(|p| p.distance).collect();
        let mirror = |d: f64| (2.0 - d * d).sqrt();
        vec![d[0], d[1], d[2], d[3], mirror(d[3]), mirror(d[2]), mirror(d[1])]
    };
    let (shown, real) = (order(&products), order(&ends));
    let ascending = |v: &[f64]| v.windows(2).all(|w| w[1] > w[0]);
    let falling = |v: &[f64]| v.windows(2).all(|w| w[1] < w[0]);
    // Gaussian or not: the entropy of the Gaussian state with the same second moments less that of the state.
    let exact = Closed::new(&[("k", 5.0)])?.at(0.05)?;
    let early = strong.basis.iter().min_by(|a, b| (a.time - 0.05).abs().total_cmp(&(b.time - 0.05).abs()));
    let early = *early.ok_or_else(|| trouble("gaussian", "no converged state"))?;
    let near = non_gaussian(5.0, early.time)?;
    // All quanta are in one mode but for the vacuum of the other: to leading order.
    let state = truth(one)?;
    let ring = mode_entropy(state.number + 0.5) - state.entropy;
    watch.go_on()?;
    let level = 0.7;
    let soon = |points: &[Point]| settled(points, level).unwrap_or(f64::INFINITY);
    let product_times: Vec<f64> = all.iter().map(|t| soon(&t.product)).collect();
    let true_times: Vec<f64> = all
        .iter()
        .map(|t| {
            let both: Vec<Point> = t.basis.iter().chain(&t.grown).copied().collect();
            soon(&both)
        })
        .collect();
    let chi_product: Vec<f64> = products.iter().map(|p| p.chi).collect();
    let chi_true: Vec<f64> = ends.iter().map(|p| p.chi).collect();
    let falls = |of: fn(&Point) -> f64, pick: fn(&Trajectory) -> &[Point]| -> Vec<f64> {
        all.iter().map(|t| drawdown(pick(t), of)).collect()
    };
    let product_of: fn(&Trajectory) -> &[Point] = |t| &t.product;
    let chi_falls = falls(|p| p.chi, product_of);
    // D reverses where it rises again.
    let d_rises = falls(|p| -p.distance, product_of);
    let path_falls = falls(|p| p.chi, |t| &t.grown);
    let beats = drawdown(&weak.basis, |p| p.chi);
    let beat_rise = drawdown(&weak.basis, |p| -p.distance);
    // How far D moves while χ grows, after t = 2.
    let after = |points: &[Point]| -> (f64, f64) {
        let tail: Vec<&Point> = points.iter().filter(|p| p.time >= 2.0).collect();
        let (first, end) = (tail[0], tail[tail.len() - 1]);
        let d = tail.iter().map(|p| p.distance);
        (d.clone().fold(f64::NEG_INFINITY, f64::max) - d.fold(f64::INFINITY, f64::min), end.chi - first.chi)
    };
    let (moved, paid) = after(&weak.product);
    let (moved_true, paid_true) = after(&weak.basis);
    Ok(vec![
        Claim::new(
            "fig2a-bounds",
            "Fig. 2a",
            "The trajectories respect Eq. 12 and stay within the hull of Gaussian states",
            "\"respects the analytically derived bound [Eq. (12)] and is confined within the convex hull of Gaussian states\"",
        )
        .values("smallest chi less Eq. 12: ten levels, converged and beyond", &margin, 3)
        .values("less the sharp bound", &sharp, 3)
        .values("less the hull of 1e6 states", &inside, 3)
        .verdict(
            Verdict::of(margin.iter().chain(&sharp).all(|m| *m > -1e-6) && inside.iter().all(|m| *m > -0.02)),
            "It could not be otherwise: the sharp bound, which the hull approaches, holds for every state, Gaussian or not, also for those of a cut basis",
        ),
        Claim::new(
            "fig2a-order",
            "caption of Fig. 2a",
            "From left to right k = 5, 3, 1, 0.5, -0.5, -1, -3",
            "\"k values (from left to right) k = 5, 3, 1, 0.5, -0.5, -1, -3\"",
        )
        .values("D(10) in ten levels for each mode", &shown, 4)
        .values("D(10) converged, or by the optimal path", &real, 4)
        .verdict(
            Verdict::graded(ascending(&shown) && ascending(&real), ascending(&shown)),
            "In a basis of ten levels for each mode. In truth k = 0.5 beats and is on the right of k = -0.5 at t = 10; for the others the order is the caption's",
        ),
        Claim::new(
            "gaussian",
            "note 117",
            "The evolved state stays Gaussian",
            "\"the coupling is bilinear, and the initial state is Gaussian, so the evolved state should be Gaussian as well\"",
        )
        .value_in("k = 5 near t = 0.05: entropy of the Gaussian state of the same moments less its own", near, 2, "nats")
        .value_in("k = 1 at t = 10, by the optimal path: the same", ring, 3, "nats")
        .value("D without jumps at k = 5, t = 0.05", exact.distance, 7)
        .value(format!("with jumps near it, t = {:.4}", early.time), early.distance, 7)
        .verdict(
            Verdict::graded(near.abs() < 1e-6 && ring.abs() < 1e-6, near.abs() < 0.01),
            "Up to the divergence nearly. The jumps are quadratic, not linear: what grows beyond T_c is a ring of amplitudes around zero, far from Gaussian",
        ),
        Claim::new(
            "fig2b-faster",
            "Fig. 2b",
            "A stronger coupling synchronizes faster",
            "\"as the non-Hermitian coupling strength k increases the system synchronizes faster\"",
        )
        .values("D stays below 0.7 from t, k = 5, 3, 1, 0.5, in ten levels", &product_times, 3)
        .values("converged and beyond", &true_times, 3)
        .verdict(
            Verdict::of(product_times[..3].windows(2).all(|w| w[1] > w[0]) && true_times.windows(2).all(|w| w[1] > w[0] || w[0].is_infinite())),
            "In both. Below the threshold, at k = 0.5, there is no synchronization at all (inf)",
        ),
        Claim::new(
            "fig2b-order",
            "caption of Fig. 2b",
            "The larger k, the smaller D and the larger chi",
            "\"solid lines bottom to top, dashed lines top to bottom k = 5, 3, 1, 0.5\"",
        )
        .values("chi(10) in ten levels", &chi_product, 4)
        .values("chi(10) converged, or by the optimal path", &chi_true, 4)
        .verdict(
            Verdict::graded(
                falling(&chi_true) && ascending(&real[..4]) && falling(&chi_product) && crossings(&all) == 0,
                falling(&chi_true) && ascending(&real[..4]),
            ),
            format!(
                "At t = 10, in both. On the way the curves of chi in ten levels cross {} times",
                crossings(&all)
            ),
        ),
        Claim::new(
            "fig2b-monotone",
            "text on Fig. 2b",
            "chi almost always grows, while D reverses",
            "\"chi is almost always monotonically increasing whereas D has more significant reversals in direction\"",
        )
        .values("largest fall of chi for k = 5, 3, 1, 0.5 in ten levels", &chi_falls, 2)
        .values("largest rise of D", &d_rises, 2)
        .values("largest fall of chi along the optimal paths, k = 5, 3, 1", &path_falls[..3], 2)
        .value_in("largest fall of chi at k = 0.5, converged", beats, 3, "nats")
        .value("largest rise of D there", beat_rise, 3)
        .verdict(
            Verdict::graded(beats < 0.1, chi_falls.iter().all(|f| *f < 0.1) && path_falls[..3].iter().all(|f| *f < 0.1)),
            "In ten levels, and in truth for k above the threshold. Below it, at k = 0.5, chi and D beat together and chi returns almost to zero",
        ),
        Claim::new(
            "fig2-waste",
            "text on Fig. 2",
            "chi grows even when D hardly changes: work is wasted where k is too small",
            "\"work will be wasted in such cases where k is not large enough for synchronization to occur\"",
        )
        .value_in("k = 0.5, t from 2 to 10, ten levels: chi grows by", paid, 3, "nats")
        .value("while D moves by at most", moved, 2)
        .value_in("converged: chi grows by", paid_true, 2, "nats")
        .value("while D moves by", moved_true, 2)
        .verdict(
            Verdict::graded(paid_true > 1.0 && moved_true < 0.2, paid > 1.0 && moved < 0.3),
            "In ten levels only. In truth the cost of k = 0.5 is paid and returned with every beat",
        ),
    ])
}

/// How often the χ of a weaker coupling exceeds that of the next stronger one, counted in intervals of time, in ten levels.
fn crossings(all: &[Trajectory]) -> usize {
    let mut count = 0;
    for pair in all.windows(2) {
        let above: Vec<bool> = pair[0].product.iter().zip(&pair[1].product).map(|(a, b)| b.chi > a.chi).collect();
        count += above.windows(2).filter(|w| w[0] != w[1]).count();
    }
    count
}

/// The entropy of the Gaussian state with the second moments of the dimer less that of the dimer's state.
fn non_gaussian(k: f64, time: f64) -> Result<f64, PaperError> {
    let (along, across) = ("pearson(q(a1),q(a2))", "pearson(q(a1),p(a2))");
    let bench = Bench::below(Cutoff::Total(80), &[NUMBERS[0], NUMBERS[1], along, across, ENTROPY], &[time])?;
    let report = bench.run(&[("k", k)])?;
    let of = |name: &str| value(&report, name);
    // C_ij = ½⟨{a_i, a_j†}⟩ has n_j + ½ on its diagonal; no other second moments are there.
    let (one, two) = (of(NUMBERS[0])? + 0.5, of(NUMBERS[1])? + 0.5);
    let cross = of(along)?.hypot(of(across)?) * (one * two).sqrt();
    let (mean, half) = (0.5 * (one + two), (0.5 * (one - two)).hypot(cross));
    Ok(mode_entropy(mean + half) + mode_entropy(mean - half) - of(ENTROPY)?)
}
