//! Figs. 1 to 3 drawn again: data first, then the drawing.

use std::f64::consts::{PI, SQRT_2};

use huygens::costs::bounds;
use huygens::experiment::Weights;
use huygens::levels::stochastic::langevin::Noise;
use huygens_numerics::hull;

use super::PAPER;
use super::laboratory::{
    Bench, D, Dimer, Found, KAPPA, LATE, LEVELS, Point, Sample, column, grid, product, threshold, trouble, value,
};
use super::trajectories::Trajectory;
use crate::figures::{Axis, Color, ColorMap, Dash, Figure, HeatMap, Panel, Reference, Series, Width, palette};
use crate::papers::drawing::number;
use crate::papers::{Number, PaperError, PaperFigure, Table, Watch};

const PROVENANCE: &str = "huygens reproduce aifer2024; model waveguide-dimer";

/// Dots per inch of drawings with many points or lines.
const DOTS: f64 = 210.0;

/// Number of random states, and how many of them are drawn.
pub(super) const STATES: usize = 1_000_000;
const DRAWN: usize = 1000;

pub(super) fn draw(name: &str, watch: &Watch<'_>) -> Result<PaperFigure, PaperError> {
    match name {
        "1" => random_states(watch),
        "2a" => plane(watch),
        "2b" => over_time(watch),
        "3a" => quantum_map(watch),
        "3b" => classical_map(watch),
        other => Err(trouble(other, "no such figure")),
    }
}

fn figure(name: &'static str, drawing: Figure, tables: Vec<Table>, numbers: Vec<Number>) -> PaperFigure {
    PaperFigure::of(&PAPER, name, drawing.provenance(PROVENANCE), tables, numbers)
}

/// The lower bounds on χ over D at one κ.
struct Bounds {
    distance: Vec<f64>,
    quantum: Vec<f64>,
    classical: Vec<f64>,
    sharp: Vec<f64>,
}

impl Bounds {
    fn new(kappa: f64) -> Result<Self, PaperError> {
        let distance: Vec<f64> = grid(0.005, 1.41, 282);
        let of = |bound: fn(f64, f64) -> Result<f64, bounds::BoundError>| -> Result<Vec<f64>, PaperError> {
            let bound = |d: &f64| bound(kappa, *d).map_err(|e| trouble("the bounds", e.to_string()));
            distance.iter().map(bound).collect()
        };
        let quantum = of(|kappa, d| bounds::quantum_printed(2, kappa, d))?;
        let classical = of(|kappa, d| bounds::classical(2, kappa, d))?;
        let sharp = of(bounds::envelope)?;
        Ok(Self { distance, quantum, classical, sharp })
    }

    fn on(&self, panel: Panel, named: bool) -> Panel {
        let line = |values: &[f64]| Series::line(self.distance.clone(), values.to_vec()).color(Color::BLACK).width(0.9);
        let quantum = line(&self.quantum).dash(Dash::Dashed);
        let classical = line(&self.classical).dash(Dash::Dotted);
        if !named {
            return panel.with(quantum).with(classical);
        }
        panel.with(quantum.label("quantum bound, Eq. 12")).with(classical.label("classical bound, Eq. 13"))
    }

    fn table(&self, name: &str) -> Table {
        Table::new(name)
            .with("D", "1", "distance", self.distance.clone())
            .with("quantum", "nats", "Eq. 12 as printed", self.quantum.clone())
            .with("classical", "nats", "Eq. 13 as printed", self.classical.clone())
            .with("sharp", "nats", "the least chi of any state", self.sharp.clone())
    }
}

/// The lower side of the hull as columns.
fn lower(sample: &Sample, classical: bool) -> (Vec<f64>, Vec<f64>) {
    hull::lower_hull(&sample.points(classical)).into_iter().map(|[d, chi]| (d, chi)).unzip()
}

fn random_states(watch: &Watch<'_>) -> Result<PaperFigure, PaperError> {
    watch.go_on()?;
    let kappas = [1.0, KAPPA];
    let samples = watch.each(&kappas, |kappa| Sample::new(*kappa, STATES))?;
    let mut drawing = Figure::new(Width::Double);
    let mut tables = Vec::new();
    let mut numbers = Vec::new();
    for (sample, name) in samples.iter().zip(["1", "2/3"]) {
        let bounds = Bounds::new(sample.kappa)?;
        let (d, chi) = lower(sample, false);
        let (d_classical, chi_classical) = lower(sample, true);
        let some = |values: &[f64]| values[..DRAWN].to_vec();
        // The legend is shared out: points in the first panel, lines in the second.
        let first = sample.kappa == 1.0;
        let named = |series: Series, label: &str, here: bool| if here { series.label(label) } else { series };
        let cloud =
            Series::points(some(&sample.distance), some(&sample.chi)).color(palette(0).lighter(0.35)).marker_size(1.7);
        let panel = Panel::new(
            Axis::linear("Distance $D$").range(0.0, SQRT_2),
            Axis::linear(r"Ergotropy of synchronization $\chi$ (nats)").range(0.0, 6.0),
        )
        .with(named(cloud, "1000 random states", first));
        let sharp = Series::line(bounds.distance.clone(), bounds.sharp.clone()).color(palette(2)).width(2.4);
        let outline = Series::line(d.clone(), chi.clone()).color(Color::BLACK).width(0.8);
        let panel = bounds
            .on(panel, !first)
            .with(named(sharp, r"least $\chi$ of any state", !first))
            .with(named(outline, r"hull of $10^6$ states", !first))
            .title(format!(r"$\kappa=\omega_1/\omega_2={name}$"));
        drawing = drawing.panel(panel);
        let at = |points: &[[f64; 2]]| hull::height(points, 0.5).unwrap_or(f64::NAN);
        let pairs = |d: &[f64], x: &[f64]| d.iter().zip(x).map(|(d, x)| [*d, *x]).collect::<Vec<_>>();
        numbers.push(number(&format!("hull at D = 0.5, kappa = {name}"), at(&pairs(&d, &chi)), "nats"));
        let classical = at(&pairs(&d_classical, &chi_classical));
        numbers.push(number(&format!("classical hull at D = 0.5, kappa = {name}"), classical, "nats"));
        let tag = if sample.kappa == 1.0 { "equal" } else { "detuned" };
        tables.push(bounds.table(&format!("bounds-{tag}")));
        tables.push(Table::new(&format!("hull-{tag}")).with("D", "1", "distance", d).with(
            "chi",
            "nats",
            "corner of the hull",
            chi,
        ));
        tables.push(Table::new(&format!("classical-hull-{tag}")).with("D", "1", "distance", d_classical).with(
            "chi",
            "nats",
            "corner of the hull of the classical chi",
            chi_classical,
        ));
        tables.push(
            Table::new(&format!("states-{tag}"))
                .with("D", "1", "distance", some(&sample.distance))
                .with("chi", "nats", "quantum ergotropy of synchronization", some(&sample.chi))
                .with("classical", "nats", "classical ergotropy of synchronization", some(&sample.classical)),
        );
    }
    let drawing = drawing.dpi(DOTS).caption(
        r"Fig. 1 of Aifer et al. Random two-mode Gaussian states (1000 of $10^6$ drawn, quantum $\chi$; the classical one has the same hull) and the bounds as printed. The numbers that the text reads off at $D=0.5$ are those of $\kappa=1$ (a); the dimer of Fig. 2 has $\kappa=2/3$ (b). Green: the least $\chi$ that any state can have, quantum or classical, which the hull of the sample traces; between it and the printed bounds there is no state.",
    );
    Ok(figure("1", drawing, tables, numbers))
}

/// Colours of the couplings of Fig. 2.
fn color(k: f64) -> Color {
    match k.abs() {
        5.0 => palette(0),
        3.0 => palette(1),
        1.0 => palette(2),
        _ => palette(3),
    }
}

/// D of −k.
fn mirrored(d: &[f64]) -> Vec<f64> {
    d.iter().map(|d| if d.is_nan() { *d } else { (2.0 - d * d).max(0.0).sqrt() }).collect()
}

fn label(k: f64) -> String {
    format!("$k={k}$").replace('-', "−")
}

/// Fig. 2a.
fn plane(watch: &Watch<'_>) -> Result<PaperFigure, PaperError> {
    let trajectories = Trajectory::all(watch)?;
    watch.go_on()?;
    let sample = Sample::new(KAPPA, STATES)?;
    let (hull_d, hull_chi) = lower(&sample, false);
    let bounds = Bounds::new(KAPPA)?;
    let axes = |top: f64| {
        Panel::new(
            Axis::linear("Distance $D$").range(0.0, SQRT_2),
            Axis::linear(r"Ergotropy of synchronization $\chi$ (nats)").range(0.0, top),
        )
    };
    let frame = |panel: Panel, named: bool| {
        let outline = Series::line(hull_d.clone(), hull_chi.clone()).color(Color::BLACK).width(0.9);
        bounds.on(panel.with(if named { outline.label(r"hull of $10^6$ states") } else { outline }), named)
    };
    // From the start, at D = 1 and χ = 0, on.
    let run = |points: &[Point]| {
        let (mut d, mut chi) = (vec![1.0], vec![0.0]);
        d.extend(column(points, |p| p.distance));
        chi.extend(column(points, |p| p.chi));
        (d, chi)
    };
    let mut paper = frame(axes(8.9), true).title(format!("{LEVELS} levels for each mode"));
    let mut truth = frame(axes(12.5), false).title("Converged, and beyond every basis");
    let mut tables = vec![bounds.table("bounds")];
    tables.push(Table::new("hull").with("D", "1", "distance", hull_d.clone()).with(
        "chi",
        "nats",
        "corner",
        hull_chi.clone(),
    ));
    for t in &trajectories {
        let signs: &[f64] = if t.k == 5.0 { &[1.0] } else { &[1.0, -1.0] };
        for sign in signs {
            let k = sign * t.k;
            let side = |d: Vec<f64>| if *sign > 0.0 { d } else { mirrored(&d) };
            let named = |series: Series| if *sign > 0.0 { series.label(label(t.k)) } else { series };
            let (d, chi) = run(&t.product);
            paper = paper.with(Series::line(side(d), chi).color(color(k)).width(1.1));
            tables.push(trajectory_table(&format!("product-k{k}"), &t.product, *sign));
            let (d, chi) = run(&t.basis);
            truth = truth.with(named(Series::line(side(d), chi).color(color(k)).width(1.1)));
            tables.push(trajectory_table(&format!("basis-k{k}"), &t.basis, *sign));
            if !t.grown.is_empty() {
                for (points, dash) in [(&t.free, Dash::Dotted), (&t.grown, Dash::DashDot)] {
                    let (d, chi) = (side(column(points, |p| p.distance)), column(points, |p| p.chi));
                    truth = truth.with(Series::line(d, chi).color(color(k)).width(1.1).dash(dash));
                }
                tables.push(trajectory_table(&format!("free-k{k}"), &t.free, *sign));
                tables.push(trajectory_table(&format!("path-k{k}"), &t.grown, *sign));
            }
        }
    }
    let caption = format!(
        r"Fig. 2a of Aifer et al., $0\leq t\leq 10$: each line starts at $D=1$, $\chi=0$; the curves on the right of $D=1$ are those of $−k$. (a) In a basis of {LEVELS} levels for each mode, which fits the text of the paper and does not converge. (b) Solid: a converged number basis (total cut-off). Dotted: without jumps, in closed form, up to the divergence at $T_c$. Dash-dotted: the optimal path beyond, at $10^2$ to $10^4$ quanta. At $k=0.5$ the state beats."
    );
    let drawing = Figure::new(Width::Double).dpi(DOTS).panel(paper).panel(truth).caption(caption);
    let numbers = trajectories
        .iter()
        .filter_map(|t| t.divergence.time.map(|time| number(&format!("T_c at k = {}", t.k), time, "1/omega")))
        .collect();
    Ok(figure("2a", drawing, tables, numbers))
}

fn trajectory_table(name: &str, points: &[Point], sign: f64) -> Table {
    let d = column(points, |p| p.distance);
    Table::new(name)
        .with("t", "1/omega", "time", column(points, |p| p.time))
        .with("D", "1", "distance", if sign > 0.0 { d } else { mirrored(&d) })
        .with("chi", "nats", "ergotropy of synchronization", column(points, |p| p.chi))
        .with("L", "nats", "relative entropy to the start", column(points, |p| p.relative))
        .with("N", "1", "number of quanta", column(points, |p| p.number))
}

/// Fig. 2b.
fn over_time(watch: &Watch<'_>) -> Result<PaperFigure, PaperError> {
    let trajectories = Trajectory::all(watch)?;
    let time = || Axis::log(r"Time $t$").range(0.01, LATE);
    let distance = || Axis::linear("Distance $D$").range(0.0, 1.25);
    let chi = |top: f64| Axis::linear(r"$\chi$ (nats)").range(0.0, top);
    let mut panels = [
        Panel::new(time(), distance()).title(format!("{LEVELS} levels for each mode")),
        Panel::new(time(), distance()).title("Converged, and beyond every basis"),
        Panel::new(time(), chi(12.5)),
        Panel::new(time(), chi(12.5)),
    ]
    .map(|p| p.aspect(0.62));
    let mut tables = Vec::new();
    for t in &trajectories {
        let draw = |panel: Panel, points: &[Point], of: fn(&Point) -> f64, dash: Dash, named: bool| {
            let line =
                Series::line(column(points, |p| p.time), column(points, of)).color(color(t.k)).dash(dash).width(1.1);
            panel.with(if named { line.label(label(t.k)) } else { line })
        };
        let [a, b, c, d] = panels;
        let (of_d, of_chi): (fn(&Point) -> f64, fn(&Point) -> f64) = (|p| p.distance, |p| p.chi);
        let (solid, free, beyond) = (Dash::Solid, Dash::Dotted, Dash::DashDot);
        panels = [
            draw(a, &t.product, of_d, solid, true),
            draw(
                draw(draw(b, &t.free, of_d, free, false), &t.basis, of_d, solid, false),
                &t.grown,
                of_d,
                beyond,
                false,
            ),
            draw(c, &t.product, of_chi, solid, false),
            draw(
                draw(draw(d, &t.free, of_chi, free, false), &t.basis, of_chi, solid, false),
                &t.grown,
                of_chi,
                beyond,
                false,
            ),
        ];
        if let Some(end) = t.divergence.time {
            let mark = || Reference::x(end, "").color(color(t.k).lighter(0.5));
            let [a, b, c, d] = panels;
            panels = [a, b.with(mark()), c, d.with(mark())];
        }
        tables.push(trajectory_table(&format!("product-k{}", t.k), &t.product, 1.0));
        tables.push(trajectory_table(&format!("basis-k{}", t.k), &t.basis, 1.0));
        if !t.grown.is_empty() {
            tables.push(trajectory_table(&format!("free-k{}", t.k), &t.free, 1.0));
            tables.push(trajectory_table(&format!("path-k{}", t.k), &t.grown, 1.0));
        }
    }
    let caption = format!(
        r"Fig. 2b of Aifer et al.: distance (top) and ergotropy of synchronization (bottom). Left: {LEVELS} levels for each mode, which do not converge. Right, solid: a converged number basis. Dotted: without jumps, in closed form, up to the time $T_c$ at which that state diverges (vertical lines). Dash-dotted: the optimal path, where its corrections are small."
    );
    let mut drawing = Figure::new(Width::Double).dpi(DOTS);
    for panel in panels {
        drawing = drawing.panel(panel);
    }
    Ok(figure("2b", drawing.caption(caption), tables, Vec::new()))
}

/// Couplings and detunings of Fig. 3.
const EDGE: f64 = 4.0;
const CELLS: usize = 41;

/// A map over k from −[`EDGE`] to [`EDGE`] out of that for k ≥ 0, by D(−k)² = 2 − D(k)²: D at k = 0 is 1.
fn whole(half: &[Vec<f64>]) -> Vec<f64> {
    let mut z = Vec::with_capacity(CELLS * CELLS);
    for row in half {
        z.extend(mirrored(&row.iter().rev().copied().collect::<Vec<_>>()));
        z.push(1.0);
        z.extend(row);
    }
    z
}

/// The positive couplings of the map, ascending.
fn positive() -> Vec<f64> {
    let half = CELLS / 2;
    (1..=half).map(|j| EDGE * j as f64 / half as f64).collect()
}

/// k over ω₂ − ω₁ with the wedge of the classical boundary.
fn wedge(z: Vec<f64>, title: &str) -> Panel {
    let axis = grid(-EDGE, EDGE, CELLS);
    let dashed = |sign: f64| {
        Series::line(vec![-EDGE, EDGE], vec![-sign * EDGE, sign * EDGE])
            .color(Color::BLACK)
            .dash(Dash::Dashed)
            .width(0.9)
    };
    let bar = Axis::linear(format!("$D(t={LATE})$")).range(0.0, SQRT_2);
    Panel::new(
        Axis::linear("Coupling $k$").range(-EDGE, EDGE),
        Axis::linear(r"Detuning $\omega_2-\omega_1$").range(-EDGE, EDGE),
    )
    .with(HeatMap::new(axis.clone(), axis, z, bar).colors(ColorMap::Viridis))
    .with(dashed(1.0).label(r"$k=\pm(\omega_2-\omega_1)$"))
    .with(dashed(-1.0))
    .title(title)
    .equal_aspect()
}

fn map_table(columns: &[(&str, &str, &[f64])]) -> Table {
    let axis = grid(-EDGE, EDGE, CELLS);
    let (mut k, mut delta) = (Vec::new(), Vec::new());
    for d in &axis {
        for x in &axis {
            k.push(*x);
            delta.push(*d);
        }
    }
    let mut table = Table::new("map").with("k", "omega", "coupling", k).with("Delta", "omega", "detuning", delta);
    for (name, note, values) in columns {
        table = table.with(name, "1", note, values.to_vec());
    }
    table
}

fn quantum_map(watch: &Watch<'_>) -> Result<PaperFigure, PaperError> {
    watch.go_on()?;
    let (couplings, detunings) = (positive(), grid(-EDGE, EDGE, CELLS));
    let basis = Bench::below(product(LEVELS), &[D], &[LATE])?;
    let rows = watch.each(&detunings, |delta| {
        let small: Result<Vec<f64>, PaperError> =
            couplings.iter().map(|k| value(&basis.run(&[("k", *k), ("Delta", *delta)])?, D)).collect();
        let descending: Vec<f64> = couplings.iter().rev().copied().collect();
        let mut found = Dimer::Quantum.down_the_couplings(*delta, &descending, LATE)?;
        found.reverse();
        Ok((small?, found))
    })?;
    let small: Vec<Vec<f64>> = rows.iter().map(|r| r.0.clone()).collect();
    let found: Vec<Vec<f64>> = rows.iter().map(|r| r.1.iter().map(|f| f.distance()).collect()).collect();
    let (paper, truth) = (whole(&small), whole(&found));
    // How each cell was found: 1 by a path, 0 in a basis.
    let kind = |f: &Found| match f {
        Found::Path(_) => 1.0,
        Found::Rest(_) => 0.0,
        Found::Open => f64::NAN,
    };
    let kinds: Vec<f64> = rows
        .iter()
        .flat_map(|r| {
            let right: Vec<f64> = r.1.iter().map(kind).collect();
            right.iter().rev().copied().chain([0.0]).chain(right.iter().copied()).collect::<Vec<f64>>()
        })
        .collect();
    let fine = grid(-EDGE, EDGE, 201);
    let critical = fine.iter().map(|d| threshold(&basis, *d)).collect::<Result<Vec<f64>, _>>()?;
    let line = |sign: f64| {
        Series::line(critical.iter().map(|k| sign * k).collect::<Vec<f64>>(), fine.clone()).color(palette(1)).width(1.3)
    };
    let left = wedge(paper.clone(), &format!("{LEVELS} levels for each mode"));
    let right = wedge(truth.clone(), "Converged, and beyond every basis")
        .with(line(1.0).label(r"$\pm k_c(\Delta)$"))
        .with(line(-1.0));
    let open = truth.iter().filter(|d| d.is_nan()).count();
    let caption = format!(
        r"Fig. 3a of Aifer et al.: distance at $t=10$. (a) In a basis of {LEVELS} levels for each mode; it does not converge. (b) Outside of the red lines the optimal path at up to $10^4$ quanta outweighs the state near the vacuum; between them a number basis converges. Red lines: $k_c(\Delta)$ in closed form. Grey: {open} cells in which neither is certain. Negative $k$ by $D(−k)^2=2−D(k)^2$."
    );
    let drawing = Figure::new(Width::Double).panel(left).panel(right).caption(caption);
    let table = map_table(&[
        ("D_product", "D in ten levels for each mode", &paper),
        ("D", "D converged, or by the optimal path; empty where neither is certain", &truth),
        ("path", "1 by the optimal path, 0 in a number basis", &kinds),
    ]);
    let numbers = vec![
        number("k_c at Delta = pi", threshold(&basis, PI)?, "omega"),
        number("cells without a certain value", open as f64, "1"),
    ];
    Ok(figure("3a", drawing, vec![table], numbers))
}

/// Trajectories for each cell of the classical map.
const TRAJECTORIES: u64 = 600;

fn classical_map(watch: &Watch<'_>) -> Result<PaperFigure, PaperError> {
    watch.go_on()?;
    let (couplings, detunings) = (positive(), grid(-EDGE, EDGE, CELLS));
    let bench = Bench::classical(Weights::Drop, Noise::Symmetric, TRAJECTORIES, LATE)?;
    let rows = watch.each(&detunings, |delta| {
        let alone: Result<Vec<f64>, PaperError> =
            couplings.iter().map(|k| value(&bench.equipartition(*k, *delta)?, D)).collect();
        let descending: Vec<f64> = couplings.iter().rev().copied().collect();
        let mut found = Dimer::Classical.down_the_couplings(*delta, &descending, LATE)?;
        found.reverse();
        Ok((alone?, found))
    })?;
    let alone: Vec<Vec<f64>> = rows.iter().map(|r| r.0.clone()).collect();
    let weighed: Vec<Vec<f64>> = rows.iter().map(|r| r.1.iter().map(|f| f.distance()).collect()).collect();
    let (alone, weighed) = (whole(&alone), whole(&weighed));
    let open = weighed.iter().filter(|d| d.is_nan()).count();
    let grey = match open {
        0 => String::new(),
        n => format!(" Grey: {n} cells in which neither is certain."),
    };
    let left = wedge(alone.clone(), "Langevin equations alone");
    let right = wedge(weighed.clone(), "With the weights of the trajectories");
    let drawing = Figure::new(Width::Double).panel(left).panel(right).caption(format!(
        r"Fig. 3b of Aifer et al.: distance at $t=10$ of the classical Stuart–Landau dimer from equipartition. (a) As in the paper: Langevin equations, {TRAJECTORIES} trajectories for each cell. (b) The same with the weights $2(H_c-\langle H_c\rangle)$ that the classical master equation has: its optimal path where that outweighs the state near the origin, a resampled population elsewhere.{grey} Negative $k$ by symmetry."
    ));
    let table = map_table(&[
        ("D", "D of the Langevin equations alone", &alone),
        ("D_weighed", "D with the weights of the trajectories; empty where it is not certain", &weighed),
    ]);
    let numbers = vec![number("cells without a certain value", open as f64, "1")];
    Ok(figure("3b", drawing, vec![table], numbers))
}
