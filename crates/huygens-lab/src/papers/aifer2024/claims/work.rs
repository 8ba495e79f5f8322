//! Eqs. 14–18: the start, the chain L ≥ χ ≥ Λ, and what it says about work.

use huygens::levels::fock::Cutoff;
use huygens::measures::Moments;
use huygens_numerics::linalg::{RMatrix, symmetric_eigen};

use super::super::laboratory::{
    Bench, CHI, COUPLINGS, Closed, D, LATE, LEVELS, NEGATIVITY, NUMBERS, Point, RATE, RELATIVE, at, grid, product,
    series, states, trouble, value,
};
use crate::papers::{Claim, PaperError, Verdict, Watch};

pub(in super::super) const IDS: &[&str] = &["start", "stationary", "eq15", "separable", "eq17", "eq18"];

/// Total cut-off that holds the start, and how far each coupling may run below it before the edge is felt.
const MOST: usize = 60;
const ENDS: [f64; 4] = [0.045, 0.08, 0.25, LATE];

/// States without jumps up to the divergence, or over two beats.
fn free(k: f64, count: usize) -> Result<(Vec<Point>, f64, f64), PaperError> {
    let closed = Closed::new(&[("k", k)])?;
    let end = closed.divergence()?.time.map_or(4.1, |t| 0.999 * t);
    let (mut points, mut quietest, mut entangled) = (Vec::new(), f64::INFINITY, 0.0f64);
    for time in grid(0.0, end, count) {
        points.push(closed.at(time)?);
        let state = closed.state(time)?.snapshot();
        let v = RMatrix::from_fn(4, 4, |i, j| state.covariance(i / 2, j / 2)[i % 2][j % 2]);
        let (values, _) = symmetric_eigen(&v).map_err(|e| trouble("the P function", e.to_string()))?;
        quietest = quietest.min(values[0] - 0.5);
        entangled = entangled.max(huygens::measures::correlations::symplectic::log_negativity(&v, &[1]));
    }
    Ok((points, quietest, entangled))
}

pub(in super::super) fn audit(watch: &Watch<'_>) -> Result<Vec<Claim>, PaperError> {
    watch.go_on()?;
    // A moment after the start.
    let early = 1e-9;
    let names = [D, CHI, RELATIVE, NUMBERS[0], NUMBERS[1]];
    let small = Bench::below(product(LEVELS), &names, &[early])?.run(&[("k", 1.0)])?;
    let large = Bench::below(Cutoff::Total(MOST), &names, &[early])?.run(&[("k", 1.0)])?;
    let bench = Bench::below(Cutoff::Total(MOST), &[D, RELATIVE, RATE], &grid(1.0, LATE, 10))?;
    let still = bench.run(&[("k", 0.0)])?;
    let moved = series(&still, D)?.iter().fold(0.0f64, |m, d| m.max((d - 1.0).abs()));
    let away = series(&still, RELATIVE)?.iter().fold(0.0f64, |m, x| m.max(x.abs()));
    let rate = series(&still, RATE)?.iter().fold(0.0f64, |m, x| m.max(x.abs()));
    let mut balance = 0.0f64;
    for (omega, n) in [("omega1", "n_two1"), ("omega2", "n_two2")] {
        let (omega, n) = (bench.parameter(omega, &[])?, bench.parameter(n, &[])?);
        balance = balance.max(((n + 1.0) / n / (2.0 * bench.parameter("beta", &[])? * omega).exp() - 1.0).abs());
    }
    watch.go_on()?;
    let (mut chain, mut positive) = (f64::INFINITY, f64::INFINITY);
    for (k, end) in COUPLINGS.iter().zip(ENDS) {
        let run = states(Cutoff::Total(MOST), &grid(0.1 * end, end, 12), &[("k", *k)])?;
        for p in &run {
            chain = chain.min(p.relative - p.chi);
            positive = positive.min(p.chi);
        }
        watch.go_on()?;
    }
    let falling = [20, 30, 40, 60].map(|most| at(Cutoff::Total(most), NEGATIVITY, 3.0, &[("k", 0.5)]));
    let falling = falling.into_iter().collect::<Result<Vec<f64>, _>>()?;
    let entangled_product = at(product(LEVELS), NEGATIVITY, LATE, &[("k", 1.0)])?;
    let (mut quietest, mut entangled) = (f64::INFINITY, 0.0f64);
    // W − L/β = ΔS/β where no heat flows.
    let (mut least, mut slowest, mut when) = (f64::INFINITY, f64::INFINITY, 0.0);
    let beta = bench.parameter("beta", &[])?;
    for k in COUPLINGS {
        let (points, quiet, negativity) = free(k, 401)?;
        quietest = quietest.min(quiet);
        entangled = entangled.max(negativity);
        for w in points.windows(2) {
            least = least.min((w[1].entropy - points[0].entropy) / beta);
            let rate = (w[1].entropy - w[0].entropy) / (beta * (w[1].time - w[0].time));
            if rate < slowest {
                (slowest, when) = (rate, k);
            }
        }
    }
    let (weak, ..) = free(0.5, 401)?;
    let peak = weak.iter().max_by(|a, b| a.relative.total_cmp(&b.relative)).copied();
    let peak = peak.ok_or_else(|| trouble("eq18", "no states"))?;
    let start = weak[0];
    // ΔE = (ΔL + ΔS)/β.
    let work = (peak.relative - start.relative + peak.entropy - start.entropy) / beta;
    Ok(vec![
        Claim::new(
            "start",
            "text after Eq. 15",
            "The run starts in equilibrium: L = chi = 0",
            "\"By assumption, L = chi = 0 at time t = 0\"",
        )
        .values("<n_1>, <n_2> below 60 quanta", &[value(&large, NUMBERS[0])?, value(&large, NUMBERS[1])?], 8)
        .value_in("chi at t = 0 below 60 quanta", value(&large, CHI)?, 2, "nats")
        .values("<n_1>, <n_2> in ten levels for each mode", &[value(&small, NUMBERS[0])?, value(&small, NUMBERS[1])?], 5)
        .value_in("chi at t = 0 in ten levels", value(&small, CHI)?, 3, "nats")
        .value_in("L at t = 0 in ten levels", value(&small, RELATIVE)?, 3, "nats")
        .verdict(
            Verdict::of(value(&large, CHI)?.abs() < 1e-6),
            "The model does. A basis of ten levels for each mode cuts the tail of the start off and begins at chi > 0",
        ),
        Claim::new(
            "stationary",
            "text after Eq. 9 and Eq. 25",
            "The uncoupled dissipator obeys detailed balance and leaves the equilibrium as it is",
            "\"L_0(rho_0) = 0\"; \"obeying local detailed balance\"",
        )
        .value("largest |gamma_-/gamma_+ e^(-2 beta omega) - 1|", balance, 2)
        .value("largest |D - 1| for k = 0 up to t = 10", moved, 2)
        .value_in("largest |L|", away, 2, "nats")
        .value("largest |dL/dt|", rate, 2)
        .verdict(Verdict::of(balance < 1e-12 && moved < 1e-9 && rate < 1e-9), "Exact, below any cut-off as well"),
        Claim::new("eq15", "Eq. 15", "L >= chi >= Lambda", "L >= chi >= Lambda")
            .value_in("smallest L - chi over converged runs", chain, 2, "nats")
            .value_in("smallest chi", positive, 2, "nats")
            .verdict(
                Verdict::of(chain > -1e-9 && positive > -1e-9),
                "By definition: chi is the minimum over temperatures of what L is at one, and Gibbs states of the uncoupled modes are \
                 separable. Lambda itself is zero here (claim `separable`)",
            ),
        Claim::new(
            "separable",
            "Eq. 15, conclusions",
            "Entanglement bounds the cost of synchronization from below",
            "\"Lambda is the relative entropy of entanglement\"",
        )
        .value("smallest eigenvalue of V - 1/2 without jumps", quietest, 3)
        .value_in("largest negativity without jumps", entangled, 2, "nats")
        .values("negativity at k = 0.5, t = 3 below 20, 30, 40, 60 quanta in total", &falling, 2)
        .value_in("negativity at k = 1, t = 10 in ten levels for each mode", entangled_product, 2, "nats")
        .verdict(
            Verdict::with_condition(quietest > 0.0 && entangled == 0.0 && falling.windows(2).all(|w| w[1] < w[0])),
            "True and empty: without jumps the P function stays a positive Gaussian, the state is separable and Lambda = 0. Entanglement has no part \
             in this synchronization; what a basis shows of it is made by the cut-off, and falls with a larger one",
        ),
        Claim::new(
            "eq17",
            "Eq. 17",
            "The second law dS/dt + beta dQ/dt >= 0 gives dW/dt >= (dL/dt)/beta",
            "\"the second law as S' + beta Q' >= 0, we have W' >= L'/beta\"",
        )
        .value("smallest dW/dt - (dL/dt)/beta without jumps", slowest, 4)
        .value("at k", when, 2)
        .verdict(
            Verdict::graded(slowest >= -1e-9, least >= -1e-9),
            "Not at every time if heat is what goes into the baths: without jumps none flows and the entropy falls in parts of each beat, as the \
             selection of trajectories by the gain allows. Then dW/dt < (dL/dt)/beta. Integrated from the start it holds (claim `eq18`)",
        ),
        Claim::new("eq18", "Eq. 18", "The work is at least L/beta and so at least chi_min/beta", "W >= chi_min/beta")
            .value_in("smallest W - L/beta from the start on, without jumps", least, 3, "omega")
            .value_in("W at the largest L for k = 0.5", work, 4, "omega")
            .value_in("L/beta there", peak.relative / beta, 4, "omega")
            .value("D there", peak.distance, 4)
            .verdict(
                Verdict::of(least >= -1e-9),
                "The entropy never falls below that of the start, so that W - L/beta = (S - S_0)/beta >= 0",
            ),
    ])
}
