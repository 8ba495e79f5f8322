//! Draws one figure of each kind from synthetic data: a gallery to look at.
//!
//! `cargo run -p huygens-lab --example figures_gallery -- FOLDER`

use huygens_lab::figures::{
    Axis, Band, CategoryMap, Color, ColorMap, Contour, Dash, Figure, FigureError, HeatMap, Panel, Reference, Region,
    Series, Shape, Width, palette,
};
use std::f64::consts::{PI, TAU};
use std::path::PathBuf;

fn grid(n: usize, from: f64, to: f64) -> Vec<f64> {
    (0..n).map(|i| from + (to - from) * i as f64 / (n - 1) as f64).collect()
}

fn geometric(n: usize, from: f64, to: f64) -> Vec<f64> {
    grid(n, from.ln(), to.ln()).into_iter().map(f64::exp).collect()
}

fn map(x: &[f64], f: impl Fn(f64) -> f64) -> Vec<f64> {
    x.iter().map(|v| f(*v)).collect()
}

fn plane(x: &[f64], y: &[f64], f: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    y.iter().flat_map(|b| x.iter().map(|a| f(*a, *b)).collect::<Vec<_>>()).collect()
}

/// Synchronization measures over time, with the transient.
fn over_time() -> Panel {
    let t = grid(4000, 0.0, 120.0);
    let rise = |t: f64| 1.0 - (-t / 18.0).exp();
    let complete = map(&t, |t| rise(t) * (0.278 + 0.035 * (TAU * t).sin()));
    let phase = map(&t, |t| rise(t) * (0.170 + 0.027 * (TAU * t + 0.8).sin()));
    Panel::new(Axis::linear(r"Time $\omega_1 t/2\pi$"), Axis::linear("Synchronization").include(0.0))
        .with(Series::line(t.clone(), complete).label("$S_c$"))
        .with(Series::line(t, phase).label("$S_p$"))
}

/// The height of synchronization over the coupling.
fn sync(mu: f64) -> f64 {
    let rise = 1.0 - (-(mu - 0.0013).max(0.0) / 0.005).exp();
    0.30 * rise * ((0.0779 - mu).max(0.0) / 0.0779).powf(0.35)
}

/// A sweep with its bifurcations, a band of minimum and maximum, and a second quantity as symbols.
fn sweep() -> Panel {
    let mu = grid(300, 0.0005, 0.1);
    let locked = |mu: f64| {
        if (0.0013..0.0779).contains(&mu) { sync(mu) } else { f64::NAN }
    };
    let discord: Vec<f64> = grid(16, 0.0035, 0.0775);
    let values = map(&discord, |mu| 0.045 * sync(mu) * (1.0 + 8.0 * mu));
    Panel::new(
        Axis::linear(r"Coupling $\mu/\omega_1$"),
        Axis::linear(r"$\overline{S}_c,\ \overline{S}_p$").include(0.0),
    )
    .right_axis(
        Axis::linear(r"Discord $\mathcal{D}$ (nats)".replace(r"\mathcal{D}", "D")).include(0.0).color(palette(2)),
    )
    .with(Region::new(0.0779, f64::INFINITY, "no cycle"))
    .with(Reference::x(0.0013015, "SN"))
    .with(Reference::x(0.0778598, "NS"))
    .with(Band::new(mu.clone(), map(&mu, |m| 0.84 * locked(m)), map(&mu, |m| 1.12 * locked(m))))
    .with(Series::line(mu.clone(), map(&mu, locked)).label("$S_c$"))
    .with(Series::line(mu.clone(), map(&mu, |m| 0.61 * locked(m))).dash(Dash::Dashed).label("$S_p$"))
    .with(Series::points(discord, values).on_right().color(palette(2)).open().label("$D$"))
}

/// Two powers over many decades.
fn decades() -> Panel {
    let t = geometric(200, 1e-2, 1e6);
    let points = geometric(12, 3e-2, 4e5);
    let noisy: Vec<f64> =
        points.iter().enumerate().map(|(i, t)| 2.3 / t.sqrt() * (1.0 + 0.15 * (7.3 * i as f64).sin())).collect();
    let errors = map(&noisy, |v| 0.3 * v);
    Panel::new(Axis::log(r"Averaging time $\tau\omega_1$"), Axis::log(r"Allan deviation $\sigma_y(\tau)$"))
        .with(Reference::y(4.0e-3, r"bound $\dot S\,\mathcal{N}^{-1}$".replace(r"\mathcal{N}", "N")))
        .with(Series::line(t.clone(), map(&t, |t| 2.3 / t.sqrt())).label(r"$\propto\tau^{-1/2}$"))
        .with(Series::line(t.clone(), map(&t, |t| 0.3 / t)).dash(Dash::DashDot).label(r"$\propto\tau^{-1}$"))
        .with(Series::points(points, noisy).errors(&errors).color(Color::BLACK).label("simulation"))
}

/// An Arnold tongue on a logarithmic axis.
fn tongue() -> Panel {
    let detuning = grid(81, -0.02, 0.02);
    let mu = geometric(60, 3e-4, 3e-2);
    let locking = |d: f64, m: f64| 1.0 / (1.0 + (d.abs() / (0.8 * m)).powi(4)) * (0.35 + 0.65 * (m / 3e-2).powf(0.3));
    let z = plane(&detuning, &mu, locking);
    Panel::new(Axis::linear(r"Detuning $(\omega_2-\omega_1)/\omega_1$"), Axis::log(r"Coupling $\mu/\omega_1$"))
        .with(HeatMap::new(detuning, mu, z, Axis::linear("Order parameter $r$").range(0.0, 1.0)).contours(&[0.25, 0.5]))
        .aspect(0.8)
}

/// The limit cycles of two oscillators.
fn orbits() -> Panel {
    let phi = grid(400, 0.0, TAU);
    let cycle = |r: f64, c: f64| {
        let x = map(&phi, |p| c + r * p.cos() + 0.03 * r * (2.0 * p).cos());
        let y = map(&phi, |p| -r * p.sin() + 0.02 * r * (3.0 * p).sin());
        (x, y)
    };
    let (x1, y1) = cycle(493.3, 60.0);
    let (x2, y2) = cycle(430.0, -25.0);
    let s = grid(700, 0.0, 1.0);
    let (sx, sy) =
        (map(&s, |s| 60.0 + 480.0 * s.sqrt() * (60.0 * s).cos()), map(&s, |s| -480.0 * s.sqrt() * (60.0 * s).sin()));
    Panel::new(Axis::linear(r"$\mathrm{Re}\,\beta_j$"), Axis::linear(r"$\mathrm{Im}\,\beta_j$"))
        .with(Series::line(sx, sy).color(Color(170, 170, 170)).width(0.5).label("transient"))
        .with(Series::line(x1, y1).arrows(3).label(r"$\beta_1$"))
        .with(Series::line(x2, y2).arrows(3).label(r"$\beta_2$"))
        .with(Series::points(vec![543.0, 388.0], vec![-25.0, -60.0]).color(Color::BLACK).label("same time"))
        .equal_aspect()
}

/// Points with errors in both directions, and bars.
fn comparison() -> Panel {
    let h = grid(10, 1.0, 10.0);
    let s = [0.25006, 0.23495, 0.18788, 0.16549, 0.14923, 0.13834, 0.13088, 0.12603, 0.12328, 0.12240];
    let e = [0.012, 0.011, 0.009, 0.009, 0.008, 0.008, 0.007, 0.007, 0.007, 0.007];
    Panel::new(
        Axis::linear("Distance $h$").ticks((1..=10).map(|i| (f64::from(i), i.to_string()))),
        Axis::linear("$S_c(h)$"),
    )
    .with(Series::bars(h.clone(), s.to_vec(), 0.7).color(palette(4)).label("Gaussian level"))
    .with(
        Series::points(h.clone(), map(&h, |h| 1.0 / (2.31 + 1.1754 * h * (1.0 - h / 20.0)) + 0.02))
            .errors(&e)
            .color(Color::BLACK)
            .label("trajectories"),
    )
}

/// Which attractor holds where.
fn kinds() -> Panel {
    let (x, y) = (grid(60, 0.0, 0.2), grid(50, 10.0, 100.0));
    let kind = |m: f64, e: f64| {
        if m < 0.0013 + 0.0001 * (e - 48.0).abs() {
            Some(1)
        } else if m > 0.15 && m < 0.185 && e > 30.0 {
            Some(0)
        } else if m > 0.0779 + 0.0005 * (60.0 - e) {
            if e > 75.0 { Some(3) } else { Some(2) }
        } else if e < 14.0 && m > 0.05 {
            None
        } else {
            Some(0)
        }
    };
    let kinds: Vec<Option<usize>> = y.iter().flat_map(|e| x.iter().map(|m| kind(*m, *e)).collect::<Vec<_>>()).collect();
    let boundary = plane(&x, &y, |m, e| m - 0.0779 - 0.0005 * (60.0 - e));
    Panel::new(Axis::linear(r"Coupling $\mu/\omega_1$"), Axis::linear(r"Drive $E/\omega_1$"))
        .with(CategoryMap::new(x.clone(), y.clone(), kinds, ["locked cycle", "drifting", "torus", "chaos"]))
        .with(Contour::new(x, y, boundary, 0.0, "Neimark–Sacker").dash(Dash::Dashed))
}

fn phases() -> Panel {
    let x = grid(90, -3.0, 3.0);
    let z = plane(&x, &x, |a, b| (a * a - b * b - 1.0).atan2(2.0 * a * b + 0.3));
    let bar = Axis::linear(r"Phase $\varphi_1-\varphi_2$").range(-PI, PI).ticks([(-PI, "−π"), (0.0, "0"), (PI, "π")]);
    Panel::new(Axis::linear("$q_1$"), Axis::linear("$p_1$"))
        .with(HeatMap::new(x.clone(), x, z, bar).colors(ColorMap::Phase))
        .equal_aspect()
}

fn wigner() -> Panel {
    let x = grid(61, -4.0, 4.0);
    let z = plane(&x, &x, |q, p| (2.0 * (q * q + p * p) - 1.0) * (-(q * q + p * p)).exp() / PI);
    Panel::new(Axis::linear("$q$"), Axis::linear("$p$"))
        .with(
            HeatMap::new(x.clone(), x, z, Axis::linear("$W(q,p)$").range(-0.32, 0.32))
                .colors(ColorMap::Diverging)
                .smooth()
                .contours(&[0.0]),
        )
        .equal_aspect()
}

fn main() -> Result<(), FigureError> {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "figures".into()));
    let single = |panel: Panel| Figure::new(Width::Single).panel(panel);
    single(over_time()).save(&folder, "time")?;
    single(sweep()).save(&folder, "sweep")?;
    single(decades()).save(&folder, "decades")?;
    single(tongue()).save(&folder, "tongue")?;
    single(orbits()).save(&folder, "orbits")?;
    single(comparison()).save(&folder, "comparison")?;
    single(kinds()).save(&folder, "kinds")?;
    Figure::new(Width::Double).panel(phases()).panel(wigner()).save(&folder, "planes")?;
    Figure::new(Width::Double)
        .panel(over_time())
        .panel(sweep())
        .panel(decades())
        .panel(tongue())
        .caption(
            r"Four kinds of panel. (a) Measures over time, $S_c=\langle q_-^2+p_-^2\rangle^{-1}$. (b) A sweep over the coupling; the band spans minimum and maximum over one period, SN is the saddle-node at which the clocks lock, NS the Neimark–Sacker bifurcation. (c) A clock's Allan deviation. (d) An Arnold tongue with the lines $r=1/4$ and $r=1/2$.",
        )
        .provenance("synthetic data")
        .save(&folder, "four")?;
    let t = grid(500, 0.0, 60.0);
    let top = Panel::new(Axis::linear("").bare(), Axis::linear("$q_1, q_2$"))
        .with(Series::line(t.clone(), map(&t, |t| 500.0 * t.cos())).label("$q_1$"))
        .with(
            Series::line(t.clone(), map(&t, |t| 480.0 * (1.005 * t + 0.4 * (-t / 9.0).exp()).cos()))
                .dash(Dash::Dashed)
                .label("$q_2$"),
        )
        .aspect(0.32);
    let bottom = Panel::new(Axis::linear(r"Time $\omega_1t$"), Axis::linear(r"$\dot S_i/\gamma$"))
        .with(Series::line(t.clone(), map(&t, |t| 1.005 + 2e-7 * (0.3 * t).sin())))
        .with(
            Series::points(grid(13, 0.0, 60.0), map(&grid(13, 0.0, 60.0), |t| 1.005 + 2e-7 * (0.3 * t).sin()))
                .marker(Shape::Square)
                .open(),
        )
        .aspect(0.32);
    Figure::new(Width::Single)
        .panel(top)
        .panel(bottom)
        .failed_check("cycle closed: the orbit misses its start by 3.1e-4 after one period, allowed are 1e-8")
        .failed_check("uncertainty relation: smallest symplectic eigenvalue 0.31 < 1/2")
        .save(&folder, "failed")?;
    let empty: Vec<f64> = vec![];
    single(Panel::new(Axis::linear("x"), Axis::log("y")).with(Series::line(empty.clone(), empty).label("nothing")))
        .save(&folder, "empty")?;
    Ok(())
}
