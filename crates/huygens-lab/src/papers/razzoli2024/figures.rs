//! Figs. 2 to 10 drawn again, and Q to all orders of the driven bath.

use super::PAPER;
use super::claims::gradient::{MEANS, RELATIVE};
use super::laboratory::{
    A, B, COARSE, Cell, FINE, Machine, Map, OMEGA, Positions, TEMPERATURE, geometric, grid, trouble,
};
use crate::figures::{
    Axis, Color, ColorMap, Contour, Dash, Figure, HeatMap, Panel, Reference, Series, Shape, Width, palette,
};
use crate::papers::drawing::number;
use crate::papers::{Number, PaperError, PaperFigure, Table, Watch};

const PROVENANCE: &str = "huygens reproduce razzoli2024; model thermal-machine";

/// Dots per inch of drawings with maps.
const DOTS: f64 = 210.0;
/// Temperature of the curves.
const T: f64 = 0.1;

const FREQUENCY: &str = r"Drive frequency $\Omega/\omega_A$";

pub(super) fn draw(name: &str, watch: &Watch<'_>) -> Result<PaperFigure, PaperError> {
    match name {
        "2" => synchronization(watch),
        "3" => power_of_a(watch),
        "4" => against_pearson(watch),
        "5" => with_gradient(watch),
        "6" => generalised(watch),
        "7" => power_of_b(watch),
        "8" => efficiency(watch),
        "9" => weak_damping(watch),
        "10" => threshold(watch),
        "orders" => all_orders(watch),
        other => Err(trouble(other, "no such figure")),
    }
}

fn figure(name: &'static str, drawing: Figure, tables: Vec<Table>, numbers: Vec<Number>) -> PaperFigure {
    PaperFigure::of(&PAPER, name, drawing.provenance(PROVENANCE), tables, numbers)
}

/// The machine with the small and with the large cut-off.
fn cutoffs() -> Result<[Machine; 2], PaperError> {
    let machine = Machine::new()?;
    Ok([machine.with(&[("omega_c", 1000.0)]), machine])
}

/// Over Ω and T, mean temperature where there is a gradient.
fn plane(map: &Map, z: Vec<f64>, bar: Axis, zero: Option<(Vec<f64>, &str)>, mean: bool) -> Panel {
    let label = if mean { r"Mean temperature $\bar T/\omega_A$" } else { r"Temperature $T/\omega_A$" };
    let mut panel = Panel::new(
        Axis::log(FREQUENCY).range(OMEGA[0], OMEGA[1]),
        Axis::linear(label).range(TEMPERATURE[0], TEMPERATURE[1]),
    )
    .with(HeatMap::new(map.omega.clone(), map.temperature.clone(), z, bar).colors(ColorMap::Diverging));
    if let Some((z, label)) = zero {
        let line = Contour::new(map.omega.clone(), map.temperature.clone(), z, 0.0, label);
        panel = panel.with(line.color(Color::BLACK).dash(Dash::Dashed));
    }
    panel.aspect(0.72)
}

/// Decades on each side of the middle of the colours of a map of ratios.
const SPAN: i32 = 2;

/// A ratio to its bound by its decimal logarithm, colours centred on the bound.
fn ratio_plane(map: &Map, label: &str, middle: f64, of: impl Fn(&Cell) -> f64, line: &str, mean: bool) -> Panel {
    let z = map.column(|c| (of(c) / middle).log10().clamp(-9.0, 9.0));
    let span = f64::from(SPAN);
    let ticks = (-SPAN..=SPAN).map(|k| {
        let text = match (k, middle == 1.0) {
            (0, true) => "1".to_owned(),
            (0, false) => format!("{middle}"),
            (_, true) => format!("$10^{{{k}}}$"),
            (_, false) => format!(r"${middle}\times10^{{{k}}}$"),
        };
        (f64::from(k), text)
    });
    plane(map, z.clone(), Axis::linear(label).range(-span, span).ticks(ticks), Some((z, line)), mean)
}

/// sgn(P) log₁₀(1 + |P|/floor).
fn signed(power: f64, floor: f64) -> f64 {
    power.signum() * (1.0 + power.abs() / floor).log10()
}

/// A power on a scale that is linear up to a floor and logarithmic beyond.
fn power_plane(map: &Map, label: &str, mode: usize, [low, high]: [i32; 2], mean: bool) -> Panel {
    let floor = 10.0_f64.powi(low);
    let z = map.column(|c| signed(c.power[mode], floor));
    let mut ticks = vec![(0.0, "0".to_owned())];
    let step = if high - low > 4 { 2 } else { 1 };
    for k in (low + 1..=high).filter(|k| (high - k) % step == 0) {
        let at = signed(10.0_f64.powi(k), floor);
        ticks.push((at, format!("$10^{{{k}}}$")));
        ticks.push((-at, format!("$-10^{{{k}}}$")));
    }
    let span = signed(10.0_f64.powi(high), floor);
    let sign = map.column(|c| c.power[mode]);
    let line = sign.iter().any(|p| *p < 0.0).then_some((sign, "$P=0$"));
    plane(map, z, Axis::linear(label).range(-span, span).ticks(ticks), line, mean)
}

fn map_table(name: &str, map: &Map) -> Table {
    let (omega, temperature): (Vec<f64>, Vec<f64>) = map.points().map(|(w, t, _)| (w, t)).unzip();
    Table::new(name)
        .with("Omega", "omega_A", "frequency of the drives", omega)
        .with("T", "omega_A", "temperature, the mean one with a gradient", temperature)
        .with("P_A", "omega_A^2", "power into A", map.column(|c| c.power[0]))
        .with("P_B", "omega_A^2", "power into B", map.column(|c| c.power[1]))
        .with("Q_A", "1", "uncertainty of P_A", map.column(|c| c.uncertainty[0]))
        .with("Q_B", "1", "uncertainty of P_B", map.column(|c| c.uncertainty[1]))
        .with(
            "V_A",
            "1",
            "generalised bound, the derivative with all that depends on Omega",
            map.column(|c| c.bounds[0]),
        )
        .with("V_A fixed", "1", "generalised bound at fixed protocol", map.column(|c| c.bounds[1]))
}

/// Fig. 2.
fn synchronization(watch: &Watch<'_>) -> Result<PaperFigure, PaperError> {
    watch.go_on()?;
    let machine = Machine::new()?;
    let [a, b] = machine.frequencies()?;
    let common = (0.5 * (a * a + b * b)).sqrt();
    // Dense where the peaks are.
    let mut omega = geometric(1e-3, 2.0, 500);
    for (centre, width) in [(b, 5e-3), (a, 5e-3), (common, 4e-4)] {
        omega.extend(grid(-5.0, 5.0, 201).into_iter().map(|u| centre + width * u.sinh().clamp(-74.0, 74.0) * 0.3));
    }
    omega.retain(|w| (1e-3..2.0).contains(w));
    omega.sort_by(f64::total_cmp);
    let mut first = Panel::new(
        Axis::log(r"Frequency $\omega/\omega_A$").range(1e-3, 2.0),
        Axis::log(r"Finite eigenvalue of $\chi_2''$ ($\omega_A^{-2}$)").range(1e-3, 4e3),
    )
    .with(Reference::x(common, r"$\bar\omega$"));
    let mut table = Table::new("response").with("omega", "omega_A", "frequency", omega.clone());
    for (k, gamma) in [0.01, 100.0].into_iter().enumerate() {
        let one = machine.with(&[("gamma2", gamma)]);
        let height = omega
            .iter()
            .map(|w| one.response(*w).map(|[aa, _, bb]| aa.im + bb.im))
            .collect::<Result<Vec<f64>, PaperError>>()?;
        table = table.with(&format!("gamma2 = {gamma}"), "1/omega_A^2", "finite eigenvalue of chi''", height.clone());
        let line = Series::line(omega.clone(), height).color(palette([0, 1][k])).width(1.0);
        first = first.with(line.label(format!(r"$\gamma_2={gamma}\,\omega_A$")));
    }
    let temperature = geometric(1e-3, 3.0, 121);
    let mut second = Panel::new(
        Axis::log(r"Temperature $T_2/\omega_A$").range(1e-3, 3.0),
        Axis::linear("Pearson coefficient $C$").range(-1.0, 0.05),
    );
    let mut pearson = Table::new("pearson").with("T2", "omega_A", "temperature", temperature.clone());
    for (k, gamma) in [0.01, 1.0, 10.0, 100.0, 1000.0].into_iter().enumerate() {
        let c = temperature
            .iter()
            .map(|t| Ok(machine.with(&[("gamma2", gamma), ("T2", *t)]).positions()?.pearson()))
            .collect::<Result<Vec<f64>, PaperError>>()?;
        pearson = pearson.with(&format!("gamma2 = {gamma}"), "1", "Pearson coefficient of the positions", c.clone());
        let line = Series::line(temperature.clone(), c).color(palette([0, 2, 3, 1, 4][k]));
        second = second.with(line.label(format!(r"$\gamma_2={gamma}$")));
    }
    let drawing = Figure::new(Width::Double).panel(first).panel(second).caption(
        r"Fig. 2 of Razzoli et al. (a) The finite eigenvalue of the absorptive response of the two positions: two peaks at weak damping, one common peak at $\bar\omega=\sqrt{(\omega_A^2+\omega_B^2)/2}$ at strong damping, $4\times10^{-4}\omega_A$ wide. (b) The Pearson coefficient of the positions. $\omega_B=0.6\,\omega_A$.",
    );
    Ok(figure("2", drawing, vec![table, pearson], vec![number("common frequency", common, "omega_A")]))
}

/// Figs. 3 and 7.
fn both_cutoffs(mode: usize, watch: &Watch<'_>) -> Result<(Figure, Vec<Table>), PaperError> {
    let name = ["A", "B"][mode];
    let mut panels = Vec::new();
    let mut tables = Vec::new();
    let machines = cutoffs()?;
    let maps = machines.iter().map(|m| Map::new(m, 0.0, FINE, watch)).collect::<Result<Vec<_>, _>>()?;
    let titles = [r"$\omega_c=1000\,\omega_A$", r"$\omega_c=1.2\,\omega_A$"];
    for (map, title) in maps.iter().zip(titles) {
        let label = format!("$Q_{{P_{name}}}$");
        panels.push(ratio_plane(map, &label, 2.0, |c| c.uncertainty[mode], "$Q=2$", false).title(title));
    }
    for (map, [low, high]) in maps.iter().zip([[-6, 2], [-6, 0]]) {
        panels.push(power_plane(map, &format!(r"$P_{name}$ ($\omega_A^2$)"), mode, [low, high], false));
    }
    for (map, name) in maps.iter().zip(["large-cutoff", "small-cutoff"]) {
        tables.push(map_table(name, map));
    }
    let drawing = panels.into_iter().fold(Figure::new(Width::Double).dpi(DOTS), Figure::panel);
    Ok((drawing, tables))
}

fn power_of_a(watch: &Watch<'_>) -> Result<PaperFigure, PaperError> {
    let (drawing, tables) = both_cutoffs(0, watch)?;
    let drawing = drawing.caption(
        r"Fig. 3 of Razzoli et al.: $Q_{P_A}$ (a, b) and $P_A$ (c, d) in the lowest order of the driven bath. Dashed: $Q=2$ and $P_A=0$. $\gamma_2=100$, $\gamma_1=0.01$, $\phi=\pi/2$, $r=0$. The colours of $P$ are linear below $10^{-6}$. To all orders, at this $\gamma_1$, the region of $Q<2$ on the right of (b) is not there (figure orders).",
    );
    Ok(figure("3", drawing, tables, Vec::new()))
}

fn power_of_b(watch: &Watch<'_>) -> Result<PaperFigure, PaperError> {
    let (drawing, tables) = both_cutoffs(1, watch)?;
    let drawing = drawing.caption(
        r"Fig. 7 of Razzoli et al.: $Q_{P_B}$ (a, b) and $P_B$ (c, d) in the lowest order of the driven bath. Dashed: $Q=2$. $P_B$ is positive everywhere. Parameters as in Fig. 3.",
    );
    Ok(figure("7", drawing, tables, Vec::new()))
}

/// Fig. 4.
fn against_pearson(watch: &Watch<'_>) -> Result<PaperFigure, PaperError> {
    watch.go_on()?;
    let machine = Machine::new()?;
    let at = |g: f64| -> Result<(Positions, f64), PaperError> {
        let one = machine.isothermal(200.0, T).with(&[("gamma2", g)]);
        Ok((one.positions()?, 0.5 * one.lowest()?.uncertainty(A)))
    };
    let damping = geometric(0.05, 1e5, 141);
    let rows = watch.each(&damping, |g| at(*g))?;
    let (c, q): (Vec<f64>, Vec<f64>) = rows.iter().map(|(x, q)| (x.pearson(), *q)).unzip();
    let mut panel = Panel::new(
        Axis::linear("Pearson coefficient $C$").range(-0.62, 0.0),
        Axis::log("$Q_{P_A}/2$").range(0.1, 100.0),
    )
    .with(Reference::y(1.0, "$Q_{P_A}=2$"))
    .with(Reference::x(c[c.len() - 1], r"$\gamma_2\to\infty$"))
    .with(Series::line(c.clone(), q.clone()).color(palette(0)));
    for (gamma, shape) in [(1.0, Shape::Circle), (10.0, Shape::Square), (100.0, Shape::Triangle)] {
        let (x, q) = at(gamma)?;
        let mark = Series::points([x.pearson()], [q]).marker(shape).color(palette(1)).marker_size(4.5);
        panel = panel.with(mark.label(format!(r"$\gamma_2={gamma}\,\omega_A$")));
    }
    let table = Table::new("curve")
        .with("gamma2", "omega_A", "damping", damping)
        .with("C", "1", "Pearson coefficient", c)
        .with("Q/2", "1", "uncertainty of P_A over 2", q);
    let drawing = Figure::new(Width::Single).panel(panel).caption(
        r"Fig. 4 of Razzoli et al.: $Q_{P_A}$ and the Pearson coefficient along the damping $\gamma_2$, at $T=0.1$, $\omega_c=1.2$, $\Omega=200$, $r=0$, in the lowest order of the driven bath. At this temperature $C$ does not tend to $-1$.",
    );
    Ok(figure("4", drawing, vec![table], Vec::new()))
}

/// Fig. 5.
fn with_gradient(watch: &Watch<'_>) -> Result<PaperFigure, PaperError> {
    let map = Map::new(&Machine::new()?, RELATIVE, COARSE, watch)?;
    let drawing = Figure::new(Width::Double)
        .dpi(DOTS)
        .panel(ratio_plane(&map, "$Q_{P_A}$", 2.0, |c| c.uncertainty[0], "$Q=2$", true))
        .panel(power_plane(&map, r"$P_A$ ($\omega_A^2$)", 0, [-6, 0], true))
        .caption(format!(
            r"Fig. 5 of Razzoli et al.: (a) $Q_{{P_A}}$ and (b) $P_A$ with $(T_1-T_2)/\bar T={RELATIVE}$, in the lowest order of the driven bath. Other parameters as in Fig. 3, $\omega_c=1.2\,\omega_A$."
        ));
    Ok(figure("5", drawing, vec![map_table("map", &map)], Vec::new()))
}

/// Fig. 6.
fn generalised(watch: &Watch<'_>) -> Result<PaperFigure, PaperError> {
    let map = Map::new(&Machine::new()?.with(&[("r", 0.5)]), 0.0, FINE, watch)?;
    let ratio = |k: usize| move |c: &Cell| c.uncertainty[0] / c.bounds[k];
    let drawing = Figure::new(Width::Double)
        .dpi(DOTS)
        .panel(ratio_plane(&map, "$Q_{P_A}/V_{P_A}$", 1.0, ratio(0), "$Q=V$", false).title(r"Derivative with $f_B(\Omega)$"))
        .panel(power_plane(&map, r"$P_A$ ($\omega_A^2$)", 0, [-6, 1], false))
        .panel(ratio_plane(&map, "$Q_{P_A}/V_{P_A}$", 1.0, ratio(1), "$Q=V$", false).title("Derivative at fixed protocol"))
        .panel(ratio_plane(&map, "$Q_{P_A}$", 2.0, |c| c.uncertainty[0], "$Q=2$", false))
        .caption(
            r"Fig. 6 of Razzoli et al., $f_B=(\Omega/\omega_c)^{1/2}$, in the lowest order of the driven bath: (a) $Q_{P_A}$ over the generalised bound with the derivative of all that depends on $\Omega$, as the paper takes it; (b) $P_A$. Not in the paper: (c) the same with the derivative at fixed protocol, as the bound is derived; (d) $Q_{P_A}$ alone.",
        );
    Ok(figure("6", drawing, vec![map_table("map", &map)], Vec::new()))
}

/// Fig. 8.
fn efficiency(watch: &Watch<'_>) -> Result<PaperFigure, PaperError> {
    watch.go_on()?;
    let machine = Machine::new()?.with(&[("gamma1", 0.001)]);
    let omega = geometric(1e-2, 1e3, 401);
    let curve = |machine: &Machine| -> Result<Vec<f64>, PaperError> {
        omega
            .iter()
            .map(|w| {
                let run = machine.isothermal(*w, T).lowest()?;
                Ok(if run.power_of(A) < 0.0 { -run.power_of(A) / run.power_of(B) } else { f64::NAN })
            })
            .collect()
    };
    let axes =
        || Panel::new(Axis::log(FREQUENCY).range(1e-2, 1e3), Axis::linear(r"Efficiency $\eta$").range(0.0, 1.02));
    let (mut first, mut second) = (axes(), axes());
    let mut tables = [Table::new("damping"), Table::new("exponents")]
        .map(|t| t.with("Omega", "omega_A", "frequency", omega.clone()));
    let [damping, exponents] = &mut tables;
    for (k, gamma) in [0.01, 100.0].into_iter().enumerate() {
        let eta = curve(&machine.with(&[("gamma2", gamma)]))?;
        *damping = damping.clone().with(&format!("gamma2 = {gamma}"), "1", "eta where P_A < 0", eta.clone());
        first = first.with(
            Series::line(omega.clone(), eta).color(palette([0, 1][k])).label(format!(r"$\gamma_2={gamma}\,\omega_A$")),
        );
    }
    watch.go_on()?;
    for (k, r) in [0.0, 0.25, 0.5, 0.75, 1.0, 1.5].into_iter().enumerate() {
        let eta = curve(&machine.with(&[("r", r)]))?;
        *exponents = exponents.clone().with(&format!("r = {r}"), "1", "eta where P_A < 0", eta.clone());
        second = second.with(Series::line(omega.clone(), eta).color(palette(k)).label(format!("$r={r}$")));
    }
    let drawing = Figure::new(Width::Double).panel(first).panel(second).caption(
        r"Fig. 8 of Razzoli et al.: efficiency of the conversion of work into work, where $P_A<0$, at $T=0.1$, $\omega_c=1.2$, $\gamma_1=0.001$, in the lowest order. (a) $r=0$ at weak and strong damping. (b) $\gamma_2=100$ for different weights $f_B=(\Omega/\omega_c)^r$.",
    );
    Ok(figure("8", drawing, tables.to_vec(), Vec::new()))
}

/// Fig. 9.
fn weak_damping(watch: &Watch<'_>) -> Result<PaperFigure, PaperError> {
    let map = Map::new(&Machine::new()?.with(&[("gamma2", 0.01), ("gamma1", 0.001)]), 0.0, FINE, watch)?;
    let drawing = Figure::new(Width::Double)
        .dpi(DOTS)
        .panel(ratio_plane(&map, "$Q_{P_A}$", 2.0, |c| c.uncertainty[0], "$Q=2$", false))
        .panel(power_plane(&map, r"$P_A$ ($\omega_A^2$)", 0, [-9, -1], false))
        .caption(
            r"Fig. 9 of Razzoli et al.: (a) $Q_{P_A}$ and (b) $P_A$ at weak damping, $\gamma_2=0.01$, $\gamma_1=0.001$, $\omega_c=1.2$, in the lowest order of the driven bath. The colours of $P_A$ are linear below $10^{-9}$.",
        );
    Ok(figure("9", drawing, vec![map_table("map", &map)], Vec::new()))
}

/// Fig. 10.
fn threshold(watch: &Watch<'_>) -> Result<PaperFigure, PaperError> {
    let machine = Machine::new()?;
    // Closer where the minimum is.
    let mut relative = grid(-1.8, 1.2, 31);
    relative.extend(grid(1.22, 1.96, 38));
    let rows = watch.each(&relative, |x| {
        MEANS
            .iter()
            .map(|mean| Ok(machine.threshold(2e3, *mean, *x)?.unwrap_or(f64::NAN)))
            .collect::<Result<Vec<f64>, PaperError>>()
    })?;
    let mut panel = Panel::new(
        Axis::linear(r"Relative gradient $\Delta T/\bar T$").range(-2.0, 2.0),
        Axis::log(r"Threshold $\Omega_{th}/\omega_A$").range(5.0, 2e3),
    );
    let mut table = Table::new("threshold").with("gradient", "1", "(T_1 - T_2)/T", relative.clone());
    for (k, mean) in MEANS.iter().enumerate() {
        let values: Vec<f64> = rows.iter().map(|row| row[k]).collect();
        table = table.with(&format!("T = {mean}"), "omega_A", "threshold, none above 2000", values.clone());
        panel = panel.with(
            Series::line(relative.clone(), values).color(palette(k)).label(format!(r"$\bar T={mean}\,\omega_A$")),
        );
    }
    let drawing = Figure::new(Width::Single).panel(panel.aspect(0.8)).caption(
        r"Fig. 10 of Razzoli et al.: the frequency above which $Q_{P_A}<2$, in the lowest order of the driven bath. The mean temperatures of the paper are not in its text.",
    );
    Ok(figure("10", drawing, vec![table], Vec::new()))
}

/// Q_{P_A} and P_A/γ₁ to all orders at each machine.
fn exactly(machines: &[Machine], watch: &Watch<'_>) -> Result<Vec<[f64; 2]>, PaperError> {
    watch.each(machines, |machine| {
        let found = machine.all_orders()?.machine;
        Ok([found.uncertainty(A), found.power[0] / machine.parameter("gamma1")?])
    })
}

/// Not in the paper: all orders.
fn all_orders(watch: &Watch<'_>) -> Result<PaperFigure, PaperError> {
    const FAST: f64 = 1000.0;
    let machine = Machine::new()?;
    let strengths = [1e-2, 1e-3, 1e-4];
    let color = |k: usize| palette([1, 0, 2][k]);
    let dotted = |line: Series| line.marker(Shape::Circle).marker_size(2.2);
    let q_axis = |from: f64, to: f64| Axis::log("$Q_{P_A}$").range(from, to);
    let black = |x: &[f64], y: Vec<f64>| Series::line(x.to_vec(), y).color(Color::BLACK).width(1.3);
    let at = |w: f64, t: f64, g: f64| machine.isothermal(w, t).with(&[("gamma1", g)]);
    // Over the frequency.
    let (omega, fine) = (geometric(0.1, 1e4, 41), geometric(0.1, 1e4, 401));
    let lowest = fine.iter().map(|w| machine.isothermal(*w, T).lowest()).collect::<Result<Vec<_>, _>>()?;
    let gamma = machine.parameter("gamma1")?;
    let machines: Vec<Machine> = strengths.iter().flat_map(|g| omega.iter().map(|w| at(*w, T, *g))).collect();
    let found = exactly(&machines, watch)?;
    let q: Vec<f64> = lowest.iter().map(|l| l.uncertainty(A)).collect();
    let p: Vec<f64> = lowest.iter().map(|l| l.power_of(A) / gamma).collect();
    let given = |p: &[f64]| p.iter().map(|p| if *p < 0.0 { -p } else { f64::NAN }).collect::<Vec<f64>>();
    let bound = || Reference::y(2.0, "$Q=2$");
    let mut first = Panel::new(Axis::log(FREQUENCY).range(0.1, 1e4), q_axis(5e-3, 1e5))
        .with(bound())
        .with(black(&fine, q.clone()).label("lowest order"))
        .title(r"$T=0.1\,\omega_A$");
    let extracted = Axis::log(r"Extracted power $-P_A/\gamma_1$ ($\omega_A$)").range(1e-3, 3e3);
    let mut second = Panel::new(Axis::log(FREQUENCY).range(0.1, 1e4), extracted)
        .with(black(&fine, given(&p)))
        .title(r"$T=0.1\,\omega_A$");
    let mut over_frequency = Table::new("frequency").with("Omega", "omega_A", "frequency of the drives", omega.clone());
    let mut numbers = Vec::new();
    for (k, g) in strengths.iter().enumerate() {
        let (q, p): (Vec<f64>, Vec<f64>) =
            found[k * omega.len()..(k + 1) * omega.len()].iter().map(|r| (r[0], r[1])).unzip();
        over_frequency = over_frequency
            .with(&format!("Q_A at gamma1 = {g}"), "1", "uncertainty of P_A to all orders", q.clone())
            .with(&format!("P_A/gamma1 at gamma1 = {g}"), "omega_A", "power into A to all orders", p.clone());
        let plateau = at(200.0, T, *g).plateau()?;
        numbers.push(number(&format!("plateau at gamma1 = {g}"), plateau, "1"));
        let level = Series::line(vec![1e3, 1e4], vec![plateau, plateau]).color(color(k)).dash(Dash::Dotted).width(1.2);
        let label = format!(r"$\gamma_1=10^{{{}}}\,\omega_A$", -2 - k as i32);
        first = first.with(level).with(dotted(Series::line(omega.clone(), q).color(color(k))).label(label));
        second = second.with(dotted(Series::line(omega.clone(), given(&p)).color(color(k))));
    }
    // Over the temperature.
    let (temperature, fine_t) = (geometric(0.01, 1.0, 21), geometric(0.01, 1.0, 201));
    let machines: Vec<Machine> = strengths.iter().flat_map(|g| temperature.iter().map(|t| at(FAST, *t, *g))).collect();
    let found = exactly(&machines, watch)?;
    let q_t = fine_t.iter().map(|t| Ok(at(FAST, *t, gamma).lowest()?.uncertainty(A)));
    let q_t = q_t.collect::<Result<Vec<f64>, PaperError>>()?;
    let mut third = Panel::new(Axis::log(r"Temperature $T/\omega_A$").range(0.01, 1.0), q_axis(1e-2, 1e4))
        .with(bound())
        .with(black(&fine_t, q_t.clone()))
        .title(r"$\Omega=1000\,\omega_A$");
    let mut over_temperature = Table::new("temperature").with("T", "omega_A", "temperature", temperature.clone());
    for (k, g) in strengths.iter().enumerate() {
        let q: Vec<f64> = found[k * temperature.len()..(k + 1) * temperature.len()].iter().map(|r| r[0]).collect();
        over_temperature =
            over_temperature.with(&format!("Q_A at gamma1 = {g}"), "1", "uncertainty of P_A to all orders", q.clone());
        third = third.with(dotted(Series::line(temperature.clone(), q).color(color(k))));
    }
    // Over the strength.
    let strength = geometric(1e-6, 1e-1, 26);
    let mut fourth =
        Panel::new(Axis::log(r"Strength of the driven bath $\gamma_1/\omega_A$").range(1e-6, 1e-1), q_axis(1e-1, 1e4))
            .with(bound())
            .with(Reference::x(machine.statics()?.slowest(), ""))
            .title(r"$\Omega=200\,\omega_A$");
    let mut over_strength = Table::new("strength").with("gamma1", "omega_A", "strength", strength.clone());
    for (k, t) in [0.05, 0.1, 0.2].into_iter().enumerate() {
        let machines: Vec<Machine> = strength.iter().map(|g| at(200.0, t, *g)).collect();
        let q: Vec<f64> = exactly(&machines, watch)?.iter().map(|r| r[0]).collect();
        over_strength =
            over_strength.with(&format!("Q_A at T = {t}"), "1", "uncertainty of P_A to all orders", q.clone());
        let label = format!(r"$T={t}\,\omega_A$");
        fourth = fourth.with(dotted(Series::line(strength.clone(), q).color(palette(3 + k))).label(label));
    }
    let drawing = [first, second, third, fourth].into_iter().fold(Figure::new(Width::Double), Figure::panel).caption(
        r"Not in the paper: to all orders of the driven bath, with the parameters of Fig. 3b. (a) $Q_{P_A}$ over the frequency; dotted: its plateau in closed form. (b) The power extracted from A, where $P_A<0$. (c) $Q_{P_A}$ over the temperature for fast drives. (d) $Q_{P_A}$ over the strength of the driven bath: it begins to grow where that comes near the width of the synchronized mode (vertical line). Colours of (b) and (c) as in (a). The paper has $\gamma_1=10^{-2}\omega_A$ and computes the lowest order (black).",
    );
    let curve = Table::new("lowest-frequency")
        .with("Omega", "omega_A", "frequency of the drives", fine)
        .with("Q_A", "1", "uncertainty of P_A in the lowest order", q)
        .with("P_A/gamma1", "omega_A", "power into A", p);
    let curve_t = Table::new("lowest-temperature").with("T", "omega_A", "temperature", fine_t).with(
        "Q_A",
        "1",
        "uncertainty of P_A in the lowest order",
        q_t,
    );
    Ok(figure("orders", drawing, vec![over_frequency, over_temperature, over_strength, curve, curve_t], numbers))
}
