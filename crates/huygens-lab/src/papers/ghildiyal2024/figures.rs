//! Figs. 2 and 3 drawn again: what is said, what is printed, what follows.

use std::f64::consts::{SQRT_2, TAU};

use huygens_numerics::c64;

use super::PAPER;
use super::claims::fluctuations::over_occupation;
use super::laboratory::{
    CASES, DERIVED, LATE, PHI, PRINTED, Run, START, Values, Variant, apart, grid, number, trouble, unwrapped,
};
use crate::figures::{Axis, Color, Dash, Figure, Panel, Reference, Series, Shape, Width, palette};
use crate::papers::drawing::number as quantity;
use crate::papers::{Number, PaperError, PaperFigure, Table, Watch};

const PROVENANCE: &str = "huygens reproduce ghildiyal2024; models spin-chains-printed and spin-chains";

pub(super) fn draw(name: &str, watch: &Watch<'_>) -> Result<PaperFigure, PaperError> {
    match name {
        "2a" => means("2a", CASES[0].1, "equal orbits, one limit cycle", watch),
        "2d" => means("2d", CASES[1].1, "limit cycles of one phase and different amplitudes", watch),
        "2g" => means("2g", CASES[2].1, r"limit cycles at the constant phase $\phi=1.049$", watch),
        "3a" => over_time(watch),
        "3b" => over_baths(watch),
        other => Err(trouble(other, "no such figure")),
    }
}

fn figure(name: &'static str, drawing: Figure, tables: Vec<Table>, numbers: Vec<Number>) -> PaperFigure {
    PaperFigure::of(&PAPER, name, drawing.provenance(PROVENANCE), tables, numbers)
}

/// Mode 1 in red, as in the paper.
fn first() -> Color {
    palette(1)
}

/// Mode 2 in black, as in the paper.
fn second() -> Color {
    Color::BLACK
}

fn q(means: &[[c64; 2]], k: usize) -> Vec<f64> {
    means.iter().map(|z| SQRT_2 * z[k].re).collect()
}

fn p(means: &[[c64; 2]], k: usize) -> Vec<f64> {
    means.iter().map(|z| SQRT_2 * z[k].im).collect()
}

/// The three stretches of one run that are drawn.
struct Orbits {
    early: Vec<[c64; 2]>,
    late: Vec<[c64; 2]>,
    whole: Vec<[c64; 2]>,
}

const EARLY: f64 = 250.0;

fn means(
    name: &'static str,
    values: Values<'_>,
    statement: &str,
    watch: &Watch<'_>,
) -> Result<PaperFigure, PaperError> {
    let early = grid(0.0, EARLY, 1001);
    let late = grid(LATE - 200.0, LATE, 801);
    let whole = grid(0.0, LATE, 4001);
    let runs = watch.each(&[PRINTED, DERIVED], |model| {
        let variant = Variant::load(model)?;
        let of = |times: &[f64]| variant.whole(values, START, times);
        Ok(Orbits { early: of(&early)?, late: of(&late)?, whole: of(&whole)? })
    })?;
    let mut drawing = Figure::new(Width::Double).columns(3).height(165.0);
    for (run, title) in runs.iter().zip(["As printed", "As derived"]) {
        let line = |x: Vec<f64>, y: Vec<f64>, color: Color, width: f64| Series::line(x, y).color(color).width(width);
        let mut orbit = Panel::new(Axis::linear(r"$\bar q_j$"), Axis::linear(r"$\bar p_j$")).equal_aspect();
        for (k, color, width, label) in [(0, first(), 1.1, "mode 1"), (1, second(), 0.6, "mode 2")] {
            let series = line(q(&run.early, k), p(&run.early, k), color, width);
            orbit = orbit.with(if title == "As printed" { series.label(label) } else { series });
        }
        drawing = drawing.panel(orbit.title(format!(r"{title}: $t\leq {EARLY}$")));
        for (axis, of, word) in [
            (r"$10^3\,\bar q_j$", q as fn(&[[c64; 2]], usize) -> Vec<f64>, "position"),
            (r"$10^3\,\bar p_j$", p, "momentum"),
        ] {
            let scaled = |k: usize| of(&run.late, k).iter().map(|x| 1e3 * x).collect::<Vec<f64>>();
            let mut panel = Panel::new(Axis::linear(r"Time $\omega_1 t$"), Axis::linear(axis));
            panel = panel.with(line(late.clone(), scaled(1), second(), 1.2));
            panel = panel.with(line(late.clone(), scaled(0), first(), 0.9).dash(Dash::Dashed));
            drawing = drawing.panel(panel.title(format!("{title}: {word} at long times")));
        }
    }
    let styles = [("as printed", palette(1), Dash::Solid), ("as derived", palette(0), Dash::Dashed)];
    let mut decay =
        Panel::new(Axis::linear(r"Time $\omega_1 t$").range(0.0, LATE), Axis::log(r"$|\beta_1|^2+|\beta_2|^2$"))
            .title("No limit cycle: the quanta decay");
    let mut phase = Panel::new(
        Axis::linear(r"Time $\omega_1 t$").range(0.0, LATE),
        Axis::linear(r"$(\phi_2-\phi_1)/2\pi$").include(-0.05).include(0.05),
    )
    .title("Phase difference");
    let mut ratio =
        Panel::new(Axis::linear(r"Time $\omega_1 t$").range(0.0, EARLY), Axis::linear(r"$|\beta_1|/|\beta_2|$"))
            .title("Ratio of the amplitudes");
    let mut table = Table::new("long").with("t", "1/omega_1", "time", whole.clone());
    for (run, (word, color, dash)) in runs.iter().zip(styles) {
        let quanta: Vec<f64> = run.whole.iter().map(number).collect();
        let turns: Vec<f64> = unwrapped(&run.whole).iter().map(|x| x / TAU).collect();
        let ratio_of = |means: &[[c64; 2]]| means.iter().map(|z| z[0].norm() / z[1].norm()).collect::<Vec<f64>>();
        let ratios = ratio_of(&run.whole);
        let line = |y: &[f64]| Series::line(whole.clone(), y.to_vec()).color(color).dash(dash).width(0.9);
        decay = decay.with(line(&quanta).label(word));
        phase = phase.with(line(&turns).label(word));
        ratio = ratio.with(Series::line(early.clone(), ratio_of(&run.early)).color(color).dash(dash).width(0.9));
        table = table
            .with(&format!("n1 + n2, {word}"), "1", "from beta_1 = beta_2 = 1/2", quanta)
            .with(&format!("phase, {word}"), "2 pi", "of mode 2 before mode 1", turns)
            .with(&format!("ratio, {word}"), "1", "|beta_1|/|beta_2|", ratios);
    }
    if name == "2g" {
        phase = phase.with(Reference::y(PHI / TAU, r"paper: $1.049$"));
    }
    if name == "2a" {
        ratio = ratio.with(Reference::y(1.0, "paper"));
    }
    drawing = drawing.panel(decay).panel(phase).panel(ratio);
    let letters = match name {
        "2a" => "Figs. 2a to 2c",
        "2d" => "Figs. 2d to 2f",
        _ => "Figs. 2g to 2i",
    };
    let drawing = drawing.caption(format!(
        r"{letters} of Ghildiyal et al., from $\beta_1=\beta_2=1/2$. The paper: {statement}. First row: Eqs. (B1) and (B2) as they are printed; second row: as they follow from the Hamiltonian and the jump operators. Last row: both spiral into the vacuum; what is drawn at long times is the last of it, a few thousandths of the start."
    ));
    let mut tables = vec![table];
    let mut numbers = Vec::new();
    for (run, word) in runs.iter().zip(["printed", "derived"]) {
        let table = |name: String, times: &[f64], means: &[[c64; 2]]| {
            let mut table = Table::new(&name).with("t", "1/omega_1", "time", times.to_vec());
            for k in 0..2 {
                table = table.with(&format!("q{}", k + 1), "1", "mean position", q(means, k)).with(
                    &format!("p{}", k + 1),
                    "1",
                    "mean momentum",
                    p(means, k),
                );
            }
            table
        };
        tables.push(table(format!("early-{word}"), &early, &run.early));
        tables.push(table(format!("late-{word}"), &late, &run.late));
        numbers.push(quantity(&format!("n1 + n2 at t = 1e4, {word}"), number(&run.late[800]), "1"));
        numbers.push(quantity(&format!("|beta1 - beta2|/|beta1| late, {word}"), apart(&run.late), "1"));
    }
    Ok(figure(name, drawing, tables, numbers))
}

fn over_time(watch: &Watch<'_>) -> Result<PaperFigure, PaperError> {
    let values = CASES[2].1;
    let loose: Vec<(&str, f64)> = values.iter().copied().chain([("sigma_z", 0.0)]).collect();
    let (short, long) = (grid(0.0, 600.0, 1201), grid(0.0, LATE, 4001));
    let jobs: [(&str, Values<'_>, &[f64]); 3] =
        [(PRINTED, values, &short), (DERIVED, values, &long), (DERIVED, &loose, &long)];
    let runs = watch.each(&jobs, |(model, values, times)| Variant::load(model)?.run(values, START, times))?;
    let [printed, derived, control] = &runs[..] else {
        return Err(trouble("3a", "three runs are drawn"));
    };
    let time = Axis::linear(r"Time $\omega_1 t$");
    let main = Panel::new(time.clone().range(0.0, 1000.0), Axis::linear(r"$S_q^\phi$").range(0.0, 1.1))
        .with(Reference::y(1.0, "paper: 1"))
        .with(Series::line(printed.times.clone(), printed.sq_phi.clone()).color(palette(1)).label("as printed"))
        .with(
            Series::line(derived.times.clone(), derived.sq_fixed.clone())
                .color(palette(2))
                .width(0.6)
                .label(r"as derived, fixed $\phi=1.049$"),
        )
        .with(Series::line(derived.times.clone(), derived.sq_phi.clone()).color(palette(0)).label("as derived"))
        .title("Early times");
    // Means over one hundred units of time: a few beats of the normal modes.
    let smooth = |list: &[f64]| -> Vec<f64> {
        (0..list.len())
            .map(|k| {
                let part = &list[k.saturating_sub(20)..(k + 21).min(list.len())];
                part.iter().sum::<f64>() / part.len() as f64
            })
            .collect()
    };
    let wide = Panel::new(time.range(0.0, LATE), Axis::linear(r"$S_q^\phi$, mean over 100").range(0.0, 1.1))
        .with(Reference::y(1.0, "vacuum"))
        .with(Series::line(derived.times.clone(), smooth(&derived.sq_phi)).color(palette(0)).label("as derived"))
        .with(
            Series::line(derived.times.clone(), smooth(&derived.sq_fixed))
                .color(palette(2))
                .width(0.8)
                .label(r"fixed $\phi=1.049$"),
        )
        .with(
            Series::line(control.times.clone(), smooth(&control.sq_phi))
                .color(Color::BLACK)
                .dash(Dash::Dashed)
                .label(r"uncoupled, $\langle\sigma_z\rangle=0$"),
        )
        .title("Long times: the vacuum");
    let drawing = Figure::new(Width::Double).panel(main).panel(wide).caption(
        r"Fig. 3a of Ghildiyal et al., $N_1=N_2=5$, $\lambda=0.2$, from $\beta_1=\beta_2=1/2$ and the vacuum. The paper: $S_q=1$ in the steady state. The printed coefficients make the covariance diverge. As derived $S_q$ ends at 1, with coupling and without: it is the value of two empty modes.",
    );
    let column = |run: &Run, of: &dyn Fn(&Run) -> Vec<f64>| of(run);
    let tables = vec![
        Table::new("printed")
            .with("t", "1/omega_1", "time; ends where the covariance leaves every bound", printed.times.clone())
            .with("S_q^phi", "1", "phase difference of the moment", printed.sq_phi.clone())
            .with("S_q", "1", "phi = 0", printed.sq.clone())
            .with("trace", "1", "trace of the covariance", column(printed, &|r| r.trace.clone())),
        Table::new("derived")
            .with("t", "1/omega_1", "time", derived.times.clone())
            .with("S_q^phi", "1", "phase difference of the moment", derived.sq_phi.clone())
            .with("S_q fixed", "1", "phi = 1.049", derived.sq_fixed.clone())
            .with("E_N", "nats", "linearised", derived.negativity.clone())
            .with("S_q^phi uncoupled", "1", "<sigma_z> = 0", control.sq_phi.clone()),
    ];
    let numbers = vec![
        quantity("S_q at t = 1e4, as derived", Run::last(&derived.sq_phi), "1"),
        quantity("uncoupled", Run::last(&control.sq_phi), "1"),
        quantity("the printed covariance leaves every bound at", printed.ended.unwrap_or(f64::NAN), "1/omega_1"),
    ];
    Ok(figure("3a", drawing, tables, numbers))
}

fn over_baths(watch: &Watch<'_>) -> Result<PaperFigure, PaperError> {
    let values = CASES[2].1;
    let loose: Vec<(&str, f64)> = values.iter().copied().chain([("sigma_z", 0.0)]).collect();
    let occupations = grid(0.0, 5.0, 21);
    let derived = Variant::load(DERIVED)?;
    let rows = watch
        .each(&occupations, |n| Ok((over_occupation(&derived, values, *n)?, over_occupation(&derived, &loose, *n)?)))?;
    let few = [0.0, 0.5, 1.0, 2.0, 5.0];
    let printed = Variant::load(PRINTED)?;
    let printed_means = watch.each(&few, |n| Ok(over_occupation(&printed, values, *n)?[0]))?;
    let column = |f: &dyn Fn(&([f64; 3], [f64; 3])) -> f64| rows.iter().map(f).collect::<Vec<f64>>();
    let (mean, end) = (column(&|r| r.0[0]), column(&|r| r.0[1]));
    let (fixed, free) = (column(&|r| r.0[2]), column(&|r| r.1[0]));
    let law: Vec<f64> = occupations.iter().map(|n| 1.0 / (1.0 + 2.0 * n)).collect();
    let panel = Panel::new(
        Axis::linear(r"Occupation of the baths $\bar n_m$").range(0.0, 5.0),
        Axis::linear(r"$S_q^\phi$").range(-0.04, 1.05),
    )
    .with(Series::line(occupations.clone(), law).color(Color::BLACK).width(0.7).label(r"$1/(1+2\bar n_m)$"))
    .with(
        Series::points(occupations.clone(), end.clone())
            .color(palette(0))
            .marker(Shape::Square)
            .label(r"as derived, $t=10^4$"),
    )
    .with(Series::line(occupations.clone(), mean.clone()).color(palette(0)).label("as derived, mean"))
    .with(
        Series::points(occupations.clone(), free.clone())
            .color(Color::BLACK)
            .marker(Shape::Plus)
            .label("mean without coupling"),
    )
    .with(Series::line(occupations.clone(), fixed.clone()).color(palette(2)).label(r"mean with fixed $\phi=1.049$"))
    .with(
        Series::points(few.to_vec(), printed_means.clone())
            .color(palette(1))
            .marker(Shape::Diamond)
            .label("as printed, mean"),
    );
    let drawing = Figure::new(Width::Single).panel(panel).caption(
        r"Fig. 3b of Ghildiyal et al., $N_1=N_2=5$, $\lambda=0.2$. The paper: the time average of $S_q$ falls with $\bar n_m$. It does, with coupling and without, as for any two thermal modes: $S_q$ tends to $1/(1+2\bar n_m)$. As printed the covariance diverges, and nothing is left of $S_q$.",
    );
    let tables = vec![
        Table::new("occupation")
            .with("n_m", "1", "mean occupation of the baths", occupations)
            .with("mean S_q^phi", "1", "over 0 to 1e4, from the vacuum", mean)
            .with("last S_q^phi", "1", "at 1e4", end)
            .with("mean S_q, phi = 1.049", "1", "over 0 to 1e4", fixed)
            .with("mean uncoupled", "1", "<sigma_z> = 0", free),
        Table::new("printed").with("n_m", "1", "mean occupation of the baths", few.to_vec()).with(
            "mean S_q^phi",
            "1",
            "0 from where the covariance leaves every bound",
            printed_means,
        ),
    ];
    Ok(figure("3b", drawing, tables, Vec::new()))
}
