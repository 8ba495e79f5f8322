//! Figs. 1 to 4 drawn again: data first, then the drawing.

use std::f64::consts::TAU;

use huygens::levels::stochastic::ensemble::Sampling;
use huygens::report::Report;

use super::PAPER;
use super::claims::clocks::{TICKED, ticked};
use super::claims::transient::{SAMPLED, TRAJECTORIES, cost_of_time, overtaking};
use super::laboratory::{
    ACCURACY, Bench, C, CROSSINGS, MU_A, MU_B, NARROW, NEAREST, PRODUCTION, RATIO, Spectra, TRANSIENT_TIME, WIDE,
    geometric, grid, list, series, trouble, value,
};
use super::trajectories::{TickStatistics, correlation, trace};
use crate::figures::{Axis, Color, Dash, Figure, Panel, Reference, Region, Series, Shape, Width, palette};
use crate::papers::drawing::{number, with_failures};
use crate::papers::{Number, PaperError, PaperFigure, Table, Watch};

const PROVENANCE: &str = "huygens reproduce yang2024; model membranes";

/// Largest |G|/κ that is drawn.
const LAST: f64 = 0.05;

pub(super) fn draw(name: &str, watch: &Watch<'_>) -> Result<PaperFigure, PaperError> {
    match name {
        "1b" => clocks("1b", 0.0, watch),
        "1e" => clocks("1e", 0.04, watch),
        "2a" => degree(watch),
        "2b" => linewidths(watch),
        "2c" => fluxes(watch),
        "3a" => relation(watch),
        "3b" => accuracy(watch),
        "4a" => transient(watch),
        "4b" => transient_fluxes(watch),
        "4c" => transient_time(watch),
        other => Err(trouble(other, "no such figure")),
    }
}

fn figure(name: &'static str, drawing: Figure, tables: Vec<Table>, numbers: Vec<Number>) -> PaperFigure {
    PaperFigure::of(&PAPER, name, drawing.provenance(PROVENANCE), tables, numbers)
}

/// The first membrane, blue as in the paper.
fn first() -> Color {
    palette(0)
}

/// The second membrane, red in the paper.
fn second() -> Color {
    palette(1)
}

/// The light, green as in the paper.
fn light() -> Color {
    palette(2)
}

const COUPLING: &str = r"Coupling $|G|/\kappa$";

/// Steady states from g = 0 to [`LAST`].
struct Curves {
    g: Vec<f64>,
    reports: Vec<Report>,
}

impl Curves {
    fn new(bench: &Bench, last: f64, watch: &Watch<'_>) -> Result<Self, PaperError> {
        let g = grid(0.0, last, 201);
        let reports = watch.each(&g, |g| bench.run(&[("g", *g)]))?;
        Ok(Self { g, reports })
    }

    fn of(&self, name: &str, unit: f64) -> Result<Vec<f64>, PaperError> {
        self.reports.iter().map(|r| value(r, name).map(|x| x * unit)).collect()
    }

    fn mark(&self, drawing: Figure) -> Figure {
        with_failures(drawing, self.g.iter().map(|g| format!("g = {g:.4}")).zip(&self.reports))
    }
}

/// Fig. 1b-d and 1e-g.
fn clocks(name: &'static str, g: f64, watch: &Watch<'_>) -> Result<PaperFigure, PaperError> {
    watch.go_on()?;
    let bench = Bench::steady(&[C])?;
    // Displacements in units of their thermal width.
    let widths = ["n_th1", "n_th2"].map(|n| bench.parameter(n, &[]).map(|n| (n + 0.5).sqrt()));
    let [one, two] = widths;
    let unit = [one?, two?];
    // Damping on the momenta: with noise on the displacements themselves their lines would be rough.
    let values = [("g", g), ("momentum", 1.0)];
    let scaled = |q: &[f64], k: usize| q.iter().map(|x| x / unit[k]).collect::<Vec<f64>>();
    let close = trace(&bench, &values, 3, Sampling { from: 0.0, every: 5e-8, count: 401 })?;
    let micro: Vec<f64> = close.times.iter().map(|t| t * 1e6).collect();
    let near = [scaled(&close.q[0], 0), scaled(&close.q[1], 1)];
    watch.go_on()?;
    // The envelope over many relaxation times, 1.3 samples a period.
    let long = trace(&bench, &values, 3, Sampling { from: 0.0, every: 1.9e-6, count: 63_001 })?;
    let milli: Vec<f64> = long.times.iter().map(|t| t * 1e3).collect();
    let far = [scaled(&long.q[0], 0), scaled(&long.q[1], 1)];
    let spectra = Spectra::new(&bench, g)?;
    let hertz = grid(-400.0, 600.0, 1001);
    let mut power = Vec::new();
    for k in 0..2 {
        let list = hertz.iter().map(|f| spectra.at(k, *f)).collect::<Result<Vec<f64>, _>>()?;
        power.push(list.iter().map(|p| p / (unit[k] * unit[k])).collect::<Vec<f64>>());
    }
    let peaks = [spectra.highest(0, -400.0, 600.0)?[0], spectra.highest(1, -400.0, 600.0)?[0]];
    // The portrait over more than a second, so that all amplitudes are met.
    let portrait = trace(&bench, &values, 3, Sampling { from: 0.0, every: 2.131e-4, count: 6001 })?;
    let points = [scaled(&portrait.q[0], 0), scaled(&portrait.q[1], 1)];
    let c = bench.at(g, C)?;
    let reach = if g == 0.0 { 4.0 } else { 2.4 };
    let every = |v: &[f64], step: usize| v.iter().step_by(step).copied().collect::<Vec<f64>>();
    // One clock above the other.
    let apart = 0.9 * reach;
    let whole = |k: usize, color: Color| {
        let shift = if k == 0 { apart } else { -apart };
        let raised: Vec<f64> = far[k].iter().map(|x| x + shift).collect();
        Series::line(milli.clone(), raised).color(color).width(0.25)
    };
    let mark = if g == 0.0 { 2.0 } else { 1.0 };
    let ticks = [apart, -apart]
        .into_iter()
        .flat_map(|y| [(y - mark, format!("−{mark}")), (y, "0".into()), (y + mark, format!("{mark}"))]);
    let letters = if g == 0.0 { ["b", "c", "d"] } else { ["e", "f", "g"] };
    let over = Panel::new(
        Axis::linear("Time (ms)").range(0.0, 119.7),
        Axis::linear(r"$x_2/x_\mathrm{th}$      $x_1/x_\mathrm{th}$").range(-2.0 * apart, 2.0 * apart).ticks(ticks),
    )
    .with(whole(0, first()))
    .with(whole(1, second()))
    .title(format!("Fig. 1{}: displacements", letters[0]))
    .aspect(0.62);
    let zoom = Panel::new(Axis::linear("Time (μs)").range(0.0, 20.0), Axis::linear(r"$x/x_\mathrm{th}$"))
        .with(Series::line(micro.clone(), near[0].clone()).color(first()).label("$x_1$"))
        .with(Series::line(micro.clone(), near[1].clone()).color(second()).label("$x_2$"))
        .title(format!("Fig. 1{}: a duration of 20 μs", letters[0]))
        .aspect(0.62);
    let cloud = Panel::new(
        Axis::linear(r"$x_1/x_\mathrm{th}$").range(-reach, reach),
        Axis::linear(r"$x_2/x_\mathrm{th}$").range(-reach, reach),
    )
    .with(Series::points(points[0].clone(), points[1].clone()).color(palette(4)).marker_size(0.9))
    .title(format!("Fig. 1{}: portrait, $C={c:.3}$", letters[1]))
    .equal_aspect();
    let spectrum = Panel::new(
        Axis::linear(r"$(\omega-\omega_2)/2\pi$ (Hz)").range(-400.0, 600.0),
        Axis::log(r"$S_{xx}/x_\mathrm{th}^2$ (1/Hz)"),
    )
    .with(Reference::x(200.0, r"$\omega_1$"))
    .with(Series::line(hertz.clone(), power[0].clone()).color(first()).label("clock 1"))
    .with(Series::line(hertz.clone(), power[1].clone()).color(second()).label("clock 2"))
    .title(format!("Fig. 1{}: power spectra", letters[2]))
    .aspect(1.0);
    let caption = format!(
        r"Fig. 1{}–{} of Yang et al., $|G|/\kappa={g}$. One simulated record, exact at each sample, in units of the width $x_\mathrm{{th}}$ that each membrane has without light. Spectra are those of the ensemble, without sampling error.",
        letters[0], letters[2]
    );
    let drawing = Figure::new(Width::Double).panel(over).panel(zoom).panel(cloud).panel(spectrum).caption(caption);
    let tables = vec![
        Table::new("zoom")
            .with("t", "us", "time", micro)
            .with("x_1", "1", "displacement of membrane 1 over its thermal width", near[0].clone())
            .with("x_2", "1", "the same of membrane 2", near[1].clone()),
        Table::new("trace")
            .with("t", "ms", "time", every(&milli, 11))
            .with("x_1", "1", "displacement of membrane 1 over its thermal width", every(&far[0], 11))
            .with("x_2", "1", "the same of membrane 2", every(&far[1], 11)),
        Table::new("portrait")
            .with("t", "ms", "time", portrait.times.iter().map(|t| 1e3 * t).collect::<Vec<_>>())
            .with("x_1", "1", "displacement of membrane 1 over its thermal width", points[0].clone())
            .with("x_2", "1", "the same of membrane 2", points[1].clone()),
        Table::new("spectrum")
            .with("f", "Hz", "frequency above that of membrane 2", hertz)
            .with("S_1", "1/Hz", "one-sided power spectrum of x_1", power[0].clone())
            .with("S_2", "1/Hz", "the same of x_2", power[1].clone()),
    ];
    let numbers =
        vec![number("C", c, "1"), number("peak of clock 1", peaks[0], "Hz"), number("peak of clock 2", peaks[1], "Hz")];
    Ok(figure(name, drawing, tables, numbers))
}

/// What was counted in ticks, with error bars.
fn counted(ticks: &[TickStatistics], of: impl Fn(&TickStatistics) -> (f64, f64)) -> (Vec<f64>, Vec<f64>) {
    ticks.iter().map(of).unzip()
}

fn degree(watch: &Watch<'_>) -> Result<PaperFigure, PaperError> {
    watch.go_on()?;
    let bench = Bench::steady(&[C, NEAREST, ACCURACY[0], ACCURACY[1], CROSSINGS[0], CROSSINGS[1], RATIO])?;
    let curves = Curves::new(&bench, LAST, watch)?;
    let (c, d) = (curves.of(C, 1.0)?, curves.of(NEAREST, 1.0)?);
    let sum = |names: [&str; 2]| -> Result<Vec<f64>, PaperError> {
        let (n1, n2) = (curves.of(names[0], 1.0)?, curves.of(names[1], 1.0)?);
        Ok(n1.iter().zip(&n2).map(|(a, b)| 1e4 * (1.0 / a + 1.0 / b)).collect())
    };
    let (independent, crossing) = (sum(ACCURACY)?, sum(CROSSINGS)?);
    let critical = bench.turning(RATIO, 1.0, &[])?.x;
    let ticks = ticked(&bench, watch)?;
    let (near, near_error) = counted(&ticks, |t| (t.nearest.value, t.nearest.error));
    let (lit, lit_error) = counted(&ticks, |t| (1e4 * t.literal.value, 1e4 * t.literal.error));
    let main = Panel::new(
        Axis::linear(COUPLING).range(0.0, LAST),
        Axis::linear("Correlation $C$").range(-0.05, 1.05).color(first()),
    )
    .right_axis(Axis::linear("Deviation $D$, nearest ticks").range(-0.0045, 0.0945).color(second()))
    .with(Reference::x(critical, "$G_c$"))
    .with(Series::line(curves.g.clone(), c.clone()).color(first()).label("$C$"))
    .with(Series::line(curves.g.clone(), d.clone()).color(second()).dash(Dash::Dashed).on_right().label("$D$"))
    .with(
        Series::points(TICKED.to_vec(), near.clone())
            .errors(&near_error)
            .color(second())
            .on_right()
            .label("$D$ from ticks"),
    )
    .title("$D$ as time between nearest ticks");
    let literal = Panel::new(Axis::linear(COUPLING).range(0.0, LAST), Axis::linear(r"$D\times10^4$").range(0.0, 6.0))
        .with(Reference::x(critical, "$G_c$"))
        .with(
            Series::line(curves.g.clone(), independent.clone())
                .color(second())
                .dash(Dash::Dashed)
                .label("$1/N_1+1/N_2$, phase"),
        )
        .with(Series::line(curves.g.clone(), crossing.clone()).color(second()).label("$1/N_1+1/N_2$, zero crossings"))
        .with(
            Series::points(TICKED.to_vec(), lit.clone())
                .errors(&lit_error)
                .color(second())
                .marker(Shape::Square)
                .label("$D$ from zero crossings"),
        )
        .title("$D$ as printed: differences of periods");
    let drawing = curves.mark(Figure::new(Width::Double).panel(main).panel(literal).caption(
        r"Fig. 2a of Yang et al. (a) Correlation $C$ and deviation $D$ with $\tau$ the time between nearest ticks, closed form (dashed) and ticks of simulated trajectories. (b) $D$ as it is defined in the text, with $\tau$ the difference of single periods: it rises. Lines: independent periods of clocks that are read by their phase (exact) and by their zero crossings (fit). $G_c$: largest $\gamma_+/\gamma_-$.",
    ));
    let tables = vec![
        Table::new("coupling")
            .with("g", "1", "coupling |G|/kappa", curves.g.clone())
            .with("C", "1", "Pearson correlation of the displacements", c)
            .with("D_nearest", "1", "deviation, nearest ticks, closed form", d)
            .with(
                "D_literal",
                "1",
                "1/N_1 + 1/N_2 of clocks read by their phase",
                independent.iter().map(|x| 1e-4 * x).collect::<Vec<_>>(),
            ),
        Table::new("ticks")
            .with("g", "1", "coupling |G|/kappa", TICKED.to_vec())
            .with("D_nearest", "1", "deviation of nearest ticks", near)
            .with("error of D_nearest", "1", "standard error", near_error)
            .with("D_literal", "1", "deviation of single periods", lit.iter().map(|x| 1e-4 * x).collect::<Vec<_>>())
            .with("error of D_literal", "1", "standard error", lit_error.iter().map(|x| 1e-4 * x).collect::<Vec<_>>())
            .with("periods", "1", "number of periods counted", ticks.iter().map(|t| t.count).collect::<Vec<_>>()),
    ];
    Ok(figure("2a", drawing, tables, vec![number("G_c/kappa", critical, "1")]))
}

fn linewidths(watch: &Watch<'_>) -> Result<PaperFigure, PaperError> {
    watch.go_on()?;
    let bench = Bench::steady(&[NARROW, RATIO])?;
    let curves = Curves::new(&bench, LAST, watch)?;
    let (narrow, ratio) = (curves.of(NARROW, 1.0 / TAU)?, curves.of(RATIO, 1.0)?);
    let (critical, turning) = (bench.turning(RATIO, 1.0, &[])?, bench.turning(NARROW, 1.0, &[])?);
    let plot = Panel::new(
        Axis::linear(COUPLING).range(0.0, LAST),
        Axis::linear(r"$\gamma_+/2\pi$ (Hz)").range(0.0, 60.0).color(first()),
    )
    .right_axis(Axis::linear(r"$\gamma_+/\gamma_-$").range(0.0, 0.8).color(second()))
    .with(Reference::x(critical.x, "$G_c$").color(second()))
    .with(Reference::x(turning.x, "$G_t$").color(first()))
    .with(Series::line(curves.g.clone(), narrow.clone()).color(first()).label(r"$\gamma_+$"))
    .with(Series::line(curves.g.clone(), ratio.clone()).color(second()).on_right().label(r"$\gamma_+/\gamma_-$"));
    let drawing = curves.mark(Figure::new(Width::Single).panel(plot).caption(
        r"Fig. 2b of Yang et al.: linewidth of the less damped normal mode, from the full drift, and its ratio to the other.",
    ));
    let tables = vec![
        Table::new("coupling")
            .with("g", "1", "coupling |G|/kappa", curves.g.clone())
            .with("gamma_+", "Hz", "linewidth of the less damped normal mode over 2 pi", narrow)
            .with("ratio", "1", "gamma_+/gamma_-", ratio),
    ];
    let numbers = vec![
        number("G_c/kappa", critical.x, "1"),
        number("largest gamma_+/gamma_-", critical.value, "1"),
        number("G_t/kappa", turning.x, "1"),
        number("largest gamma_+/2pi", turning.value / TAU, "Hz"),
    ];
    Ok(figure("2b", drawing, tables, numbers))
}

fn fluxes(watch: &Watch<'_>) -> Result<PaperFigure, PaperError> {
    watch.go_on()?;
    let bench = Bench::steady(&[MU_A, MU_B[0], MU_B[1]])?;
    let curves = Curves::new(&bench, LAST, watch)?;
    let (b1, b2, a) = (curves.of(MU_B[0], 1.0)?, curves.of(MU_B[1], 1.0)?, curves.of(MU_A, 1e-12)?);
    let jobs = [(MU_B[0], -1.0), (MU_B[1], -1.0), (MU_A, 1.0)];
    let found = watch.each(&jobs, |(name, sign)| bench.turning(name, *sign, &[]))?;
    let top = |k: usize, unit: f64, color: Color| {
        Series::points(vec![found[k].x], vec![found[k].value * unit])
            .color(color)
            .marker(Shape::Diamond)
            .marker_size(5.0)
    };
    let membranes =
        Panel::new(Axis::linear(COUPLING).range(0.0, LAST), Axis::linear(r"$\mu_b$ (1/s)").range(-90.0, 5.0))
            .with(Reference::x(0.013, "0.013"))
            .with(Series::line(curves.g.clone(), b1.clone()).color(first()).label(r"$\mu_{b1}$"))
            .with(Series::line(curves.g.clone(), b2.clone()).color(second()).label(r"$\mu_{b2}$"))
            .with(top(0, 1.0, first()))
            .with(top(1, 1.0, second()))
            .title("Membranes");
    let cavity = Panel::new(Axis::linear(COUPLING).range(0.0, LAST), Axis::linear(r"$\mu_a$ (THz)").range(0.0, 1.4))
        .with(Reference::x(0.013, "0.013"))
        .with(Series::line(curves.g.clone(), a.clone()).color(light()).label(r"$\mu_a$"))
        .with(top(2, 1e-12, light()))
        .title("Light");
    let drawing = curves.mark(Figure::new(Width::Double).panel(membranes).panel(cavity).caption(
        r"Fig. 2c of Yang et al.: entropy flux into the baths of the membranes and of the light. Diamonds: turning points, which do not coincide; dashed: the paper's $G_t$. For baths of $10^9$ quanta.",
    ));
    let tables = vec![
        Table::new("coupling")
            .with("g", "1", "coupling |G|/kappa", curves.g.clone())
            .with("mu_b1", "1/s", "entropy flux into the bath of membrane 1", b1)
            .with("mu_b2", "1/s", "entropy flux into the bath of membrane 2", b2)
            .with("mu_a", "THz", "entropy flux into the light", a),
    ];
    let numbers = vec![
        number("g at the smallest mu_b1", found[0].x, "1"),
        number("g at the smallest mu_b2", found[1].x, "1"),
        number("g at the largest mu_a", found[2].x, "1"),
    ];
    Ok(figure("2c", drawing, tables, numbers))
}

fn relation(watch: &Watch<'_>) -> Result<PaperFigure, PaperError> {
    watch.go_on()?;
    let bench = Bench::steady(&[C, NEAREST, PRODUCTION, RATIO])?;
    let g: Vec<f64> = [vec![0.0], geometric(5e-4, 0.1, 200)].concat();
    let reports = watch.each(&g, |g| bench.run(&[("g", *g)]))?;
    let curves = Curves { g, reports };
    let (c, d, pi) = (curves.of(C, 1.0)?, curves.of(NEAREST, 1.0)?, curves.of(PRODUCTION, 1e-12)?);
    let top = bench.turning(PRODUCTION, 1.0, &[])?;
    let marks = [0.005, 0.01, 0.02, 0.04, 0.1];
    let at = |name: &str, unit: f64| {
        marks.iter().map(|g| bench.at(*g, name).map(|x| x * unit)).collect::<Result<Vec<f64>, _>>()
    };
    let (mark_pi, mark_c, mark_d) = (at(PRODUCTION, 1e-12)?, at(C, 1.0)?, at(NEAREST, 1.0)?);
    let maximum = top.value * 1e-12;
    let axis = || Axis::linear(r"Entropy production $\Pi_s$ (THz)").range(0.0, 1.4);
    let marked = |values: &[f64], color: Color| {
        Series::points(mark_pi.clone(), values.to_vec())
            .color(color)
            .open()
            .label(r"$|G|/\kappa=0.005$, 0.01, 0.02, 0.04, 0.1")
    };
    let left = Panel::new(axis(), Axis::linear("Correlation $C$").range(-0.05, 1.05))
        .with(Reference::x(maximum, r"$\Pi_\mathrm{max}$"))
        .with(Series::line(pi.clone(), c.clone()).color(first()).arrows(3))
        .with(marked(&mark_c, first()));
    let right = Panel::new(axis(), Axis::linear("Deviation $D$, nearest ticks").range(-0.004, 0.09))
        .with(Reference::x(maximum, r"$\Pi_\mathrm{max}$"))
        .with(Series::line(pi.clone(), d.clone()).color(second()).arrows(3))
        .with(marked(&mark_d, second()));
    let drawing = curves.mark(Figure::new(Width::Double).panel(left).panel(right).caption(
        r"Fig. 3a of Yang et al. and its inset: correlation and deviation over the entropy production; arrows point to stronger coupling. Beyond the maximum the clocks synchronise better while $\Pi_s$ falls.",
    ));
    let tables = vec![
        Table::new("relation")
            .with("g", "1", "coupling |G|/kappa", curves.g.clone())
            .with("Pi", "THz", "entropy production rate", pi)
            .with("C", "1", "Pearson correlation of the displacements", c)
            .with("D", "1", "deviation, nearest ticks", d),
    ];
    Ok(figure("3a", drawing, tables, vec![number("largest Pi", maximum, "THz"), number("at g", top.x, "1")]))
}

fn accuracy(watch: &Watch<'_>) -> Result<PaperFigure, PaperError> {
    watch.go_on()?;
    let bench = Bench::steady(&[ACCURACY[0], ACCURACY[1], CROSSINGS[0], CROSSINGS[1], MU_B[0], MU_B[1]])?;
    let curves = Curves::new(&bench, 0.1, watch)?;
    let ticks = ticked(&bench, watch)?;
    let mut drawing = Figure::new(Width::Double);
    let mut closed = Table::new("closed").with("g", "1", "coupling |G|/kappa", curves.g.clone());
    let mut table = Table::new("ticks").with("g", "1", "coupling |G|/kappa", TICKED.to_vec());
    for (k, color) in [first(), second()].into_iter().enumerate() {
        let (mu, n) = (curves.of(MU_B[k], 1.0)?, curves.of(ACCURACY[k], 1e-3)?);
        let fit = curves.of(CROSSINGS[k], 1e-3)?;
        let (seen, error) = counted(&ticks, |t| (1e-3 * t.accuracy[k].value, 1e-3 * t.accuracy[k].error));
        let at = TICKED.iter().map(|g| bench.at(*g, MU_B[k])).collect::<Result<Vec<f64>, _>>()?;
        // The proportionality to which the closed form is close, through its value without light.
        let gamma = bench.parameter(["gamma1", "gamma2"][k], &[])?;
        let straight =
            Series::line(vec![-gamma, 0.0], vec![0.0, fit[0]]).color(Color::GREY).dash(Dash::Dashed).width(0.8);
        let panel = Panel::new(
            Axis::linear(format!(r"$\mu_{{b{}}}$ (1/s)", k + 1)).range(-1.02 * gamma, 0.05 * gamma),
            Axis::linear(format!(r"Accuracy $N_{}/10^3$", k + 1)).include(0.0),
        )
        .with(straight.label(r"$N(0)(1+\mu_b/\gamma)$"))
        .with(Series::line(mu.clone(), fit.clone()).color(color).label("zero crossings (fit)"))
        .with(Series::line(mu.clone(), n.clone()).color(color).dash(Dash::Dotted).label("read by its phase"))
        .with(Series::points(at.clone(), seen.clone()).errors(&error).color(color).label("zero crossings, counted"))
        .title(format!("Clock {}", k + 1));
        drawing = drawing.panel(panel);
        let name = |what: &str| format!("{what}_{}", k + 1);
        let thousand = |v: &[f64]| v.iter().map(|x| 1e3 * x).collect::<Vec<f64>>();
        closed = closed.with(&name("mu_b"), "1/s", "entropy flux into the bath of the membrane", mu).with(
            &name("N_phase"),
            "1",
            "accuracy of the clock, read by its phase",
            thousand(&n),
        );
        closed = closed.with(&name("N_crossing"), "1", "accuracy, zero crossings (fit)", thousand(&fit));
        table = table
            .with(&name("mu_b"), "1/s", "entropy flux into the bath of the membrane", at)
            .with(&name("N"), "1", "accuracy of the clock, from upward zero crossings", thousand(&seen))
            .with(&name("error of N"), "1", "standard error", thousand(&error));
    }
    let drawing = curves.mark(drawing.caption(
        r"Fig. 3b, c of Yang et al.: accuracy $\langle t\rangle^2/\mathrm{var}\,t$ of single periods over the entropy flux of the clock's own bath, for $|G|/\kappa$ from 0 to 0.1. Without light, at $\mu_b=0$, each clock is best. Error bars: standard errors; the distribution of periods has a heavy tail.",
    ));
    Ok(figure("3b", drawing, vec![closed, table], Vec::new()))
}

fn transient(watch: &Watch<'_>) -> Result<PaperFigure, PaperError> {
    watch.go_on()?;
    let mut times = vec![0.0];
    times.extend(SAMPLED.times());
    let bench = Bench::quench(&[C], &times)?;
    let milli: Vec<f64> = times.iter().map(|t| 1e3 * t).collect();
    let whole = Bench::quench(&[TRANSIENT_TIME, "transient_peak(b1,b2)"], &[1.0])?;
    let mut plot =
        Panel::new(Axis::linear("Time (ms)").range(0.0, 12.0), Axis::linear("Correlation $R(t)$").range(-0.15, 1.05));
    let mut table = Table::new("time").with("t", "ms", "time since the light was switched on", milli.clone());
    let mut sampled = Table::new("trajectories").with(
        "t",
        "ms",
        "time since the light was switched on",
        SAMPLED.times().iter().map(|t| 1e3 * t).collect::<Vec<_>>(),
    );
    let mut numbers = Vec::new();
    for (g, color) in [(0.01, first()), (0.04, second())] {
        let report = bench.run(&[("g", g)])?;
        let exact = series(&report, C)?.to_vec();
        let seen = correlation(&bench, g, TRAJECTORIES, 1, SAMPLED)?;
        let top = whole.run(&[("g", g)])?;
        let (time, peak) = (1e3 * value(&top, TRANSIENT_TIME)?, value(&top, "transient_peak(b1,b2)")?);
        let step = 15;
        let some: Vec<f64> = SAMPLED.times().iter().step_by(step).map(|t| 1e3 * t).collect();
        plot = plot
            .with(Series::line(milli.clone(), exact.clone()).color(color).label(format!(r"$|G|/\kappa={g}$")))
            .with(
                Series::points(some, seen.iter().step_by(step).copied().collect::<Vec<_>>())
                    .color(color)
                    .open()
                    .marker_size(2.6)
                    .label("600 trajectories"),
            )
            .with(Series::points(vec![time], vec![peak]).color(Color::BLACK).marker(Shape::Diamond).marker_size(4.5));
        table = table.with(&format!("R at g={g}"), "1", "correlation, exact", exact);
        sampled = sampled.with(&format!("R at g={g}"), "1", "correlation over 600 trajectories", seen);
        numbers.push(number(&format!("transient time at g={g}"), time, "ms"));
    }
    let drawing = Figure::new(Width::Single).panel(plot).caption(
        r"Fig. 4a of Yang et al.: the light is switched on at $t=0$. Lines: exact; circles: 600 simulated trajectories, one experiment. Diamonds: the largest value, whose time is the transient time.",
    );
    Ok(figure("4a", drawing, vec![table, sampled], numbers))
}

fn transient_fluxes(watch: &Watch<'_>) -> Result<PaperFigure, PaperError> {
    watch.go_on()?;
    let times = geometric(1e-8, 0.2, 1601);
    let report = Bench::quench(&[MU_A, MU_B[0], MU_B[1]], &times)?.run(&[("g", 0.04)])?;
    let steady = Bench::steady(&[MU_A, MU_B[0], MU_B[1]])?.run(&[("g", 0.04)])?;
    let (b1, b2) = (series(&report, MU_B[0])?.to_vec(), series(&report, MU_B[1])?.to_vec());
    let a: Vec<f64> = series(&report, MU_A)?.iter().map(|x| 1e-12 * x).collect();
    let milli: Vec<f64> = times.iter().map(|t| 1e3 * t).collect();
    let axis = |from: f64| Axis::log("Time (ms)").range(from, 200.0);
    let end = |name: &str, unit: f64| value(&steady, name).map(|x| x * unit);
    let (end_1, end_2, end_a) = (end(MU_B[0], 1.0)?, end(MU_B[1], 1.0)?, end(MU_A, 1e-12)?);
    let level = |y: f64| Series::line(vec![1e-5, 200.0], vec![y, y]).color(Color::GREY).dash(Dash::Dashed).width(0.7);
    let membranes = Panel::new(axis(1e-3), Axis::linear(r"$\mu_b(t)$ (1/s)").range(-72.0, 3.0))
        .with(level(end_1).label("steady state"))
        .with(level(end_2))
        .with(Series::line(milli.clone(), b1.clone()).color(first()).label(r"$\mu_{b1}$"))
        .with(Series::line(milli.clone(), b2.clone()).color(second()).label(r"$\mu_{b2}$"))
        .title("Membranes");
    let cavity = Panel::new(axis(1e-5), Axis::log(r"$\mu_a(t)$ (THz)").range(0.5, 300.0))
        .with(level(end_a).label("steady state"))
        .with(Series::line(milli.clone(), a.clone()).color(light()).label(r"$\mu_a$"))
        .title("Light");
    let drawing = Figure::new(Width::Double).panel(membranes).panel(cavity).caption(
        r"Fig. 4b of Yang et al.: entropy fluxes after the light is switched on, $|G|/\kappa=0.04$. The light responds within a microsecond; then the bright mode decays, and long after it the dark one.",
    );
    let drawing = with_failures(drawing, [("quench".to_owned(), &report), ("steady state".to_owned(), &steady)]);
    let tables = vec![
        Table::new("time")
            .with("t", "ms", "time since the light was switched on", milli)
            .with("mu_b1", "1/s", "entropy flux into the bath of membrane 1", b1)
            .with("mu_b2", "1/s", "entropy flux into the bath of membrane 2", b2)
            .with("mu_a", "THz", "entropy flux into the light", a),
    ];
    let numbers = vec![
        number("steady mu_b1", end_1, "1/s"),
        number("steady mu_b2", end_2, "1/s"),
        number("steady mu_a", end_a, "THz"),
    ];
    Ok(figure("4b", drawing, tables, numbers))
}

fn transient_time(watch: &Watch<'_>) -> Result<PaperFigure, PaperError> {
    watch.go_on()?;
    let bench = Bench::quench(&[TRANSIENT_TIME], &[1.0])?;
    let steady = Bench::steady(&[NARROW, WIDE])?;
    let jump = overtaking(&bench)?;
    let mut gs = grid(0.003, jump * (1.0 - 1e-7), 19);
    let before = gs.len();
    gs.extend(geometric(jump * (1.0 + 1e-7), LAST, 29));
    let rows = watch.each(&gs, |g| {
        let report = bench.run(&[("g", *g)])?;
        let maxima = list(&report, TRANSIENT_TIME)?;
        let time = value(&report, TRANSIENT_TIME)?;
        Ok((1e3 * time, cost_of_time(*g, time)? * 1e-9, 1e3 * maxima[0][0]))
    })?;
    let time: Vec<f64> = rows.iter().map(|r| r.0).collect();
    let cost: Vec<f64> = rows.iter().map(|r| r.1).collect();
    let gap = gs
        .iter()
        .map(|g| Ok(steady.at(*g, WIDE)? - steady.at(*g, NARROW)?))
        .collect::<Result<Vec<f64>, PaperError>>()?;
    let pieces = |values: &[f64], color: Color, label: &str| {
        let part = |a: usize, b: usize| Series::line(gs[a..b].to_vec(), values[a..b].to_vec()).color(color);
        (part(0, before), part(before, gs.len()).label(label))
    };
    let leap = |values: &[f64], color: Color| {
        Series::line(vec![jump, jump], vec![values[before - 1], values[before]])
            .color(color)
            .dash(Dash::Dotted)
            .width(0.8)
    };
    let axis = || Axis::linear(COUPLING).range(0.0, LAST);
    let region = || Region::new(0.0, jump, "");
    let (low, high) = pieces(&time, first(), r"largest $R(t)$");
    let left = Panel::new(axis(), Axis::linear("Transient time (ms)").range(0.0, 5.5))
        .with(region())
        .with(low)
        .with(high)
        .with(leap(&time, first()))
        .title("Time of the largest correlation");
    let (low, high) = pieces(&cost, second(), r"entropy");
    let right = Panel::new(axis(), Axis::linear(r"Entropy until then ($10^9$ nats)").include(0.0))
        .with(region())
        .with(low)
        .with(high)
        .with(leap(&cost, second()))
        .title("Its price");
    let drawing = Figure::new(Width::Double).panel(left).panel(right).caption(
        r"Fig. 4c of Yang et al. (a) Transient time, the time at which $R(t)$ is largest. It jumps where the second maximum of the beat overtakes the first, and falls only beyond (not shaded). (b) Entropy that has flowed into the baths by then: along the falling branch faster is cheaper.",
    );
    let tables = vec![
        Table::new("coupling")
            .with("g", "1", "coupling |G|/kappa", gs.clone())
            .with("time", "ms", "time of the largest R(t), slow envelope", time)
            .with("first", "ms", "time of the first maximum of R(t)", rows.iter().map(|r| r.2).collect::<Vec<_>>())
            .with("entropy", "1e9 nats", "entropy that has flowed into all baths by that time", cost)
            .with("gap", "1/s", "gamma_- - gamma_+", gap),
    ];
    Ok(figure("4c", drawing, tables, vec![number("jump at g", jump, "1")]))
}
