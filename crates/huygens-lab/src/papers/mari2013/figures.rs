//! Fig. 2 drawn again: data first, then the drawing.

use std::f64::consts::FRAC_PI_2;

use huygens::experiment::Options;
use huygens::levels::mean_field::continuation::Kind;
use huygens_numerics::roots::brent;

use super::PAPER;
use super::claims::ring::{CELLS, over_distance, ring};
use super::fits::{Fit, diffusive, exponential};
use super::laboratory::{
    Ageing, Bench, CLOCK, DISCORD, LAG, NEGATIVITY, PAIR, SC, SP, geometric, grid, landmarks, model, series, trouble,
    value, window,
};
use crate::figures::{Axis, Color, Dash, Figure, Panel, Reference, Region, Series, Shape, Width, palette};
use crate::papers::drawing::{number, with_failures};
use crate::papers::{Number, PaperError, PaperFigure, Table, Watch};

const PROVENANCE: &str =
    "huygens reproduce mari2013; models optomechanical-pair and optomechanical-ring; drive = kappa E = 48";

pub(super) fn draw(name: &str, watch: &Watch<'_>) -> Result<PaperFigure, PaperError> {
    match name {
        "2a" => over_time(watch),
        "2b" => over_coupling(watch),
        "2c" => over_occupation(watch),
        "2d" => along_ring(watch),
        other => Err(trouble(other, "no such figure")),
    }
}

fn figure(name: &'static str, drawing: Figure, tables: Vec<Table>, numbers: Vec<Number>) -> PaperFigure {
    PaperFigure::of(&PAPER, name, drawing.provenance(PROVENANCE), tables, numbers)
}

/// Complete synchronization, in blue as in the paper.
fn complete() -> Color {
    palette(0)
}

/// Phase synchronization, in green as in the paper.
fn phase() -> Color {
    palette(2)
}

/// Discord.
fn discord() -> Color {
    palette(1)
}

fn over_time(watch: &Watch<'_>) -> Result<PaperFigure, PaperError> {
    watch.go_on()?;
    let end = 200.0;
    let bench = Bench::pair(&[SC, SP])?;
    let report = bench.run(&[])?;
    let (sc, sp) = (value(&report, SC)?, value(&report, SP)?);
    // At rest there is no phase: the run is shown from its first sample after the start.
    let run = Bench::pair_window(&[SC, SP], 1.0 / 32.0, end, 32)?.run(&[])?;
    let t: Vec<f64> = run.times.iter().map(|t| t / CLOCK).collect();
    let (complete_run, phase_run) = (series(&run, SC)?.to_vec(), series(&run, SP)?.to_vec());
    watch.go_on()?;
    let ageing = Ageing::from_rest(&bench, &[])?;
    let (rc, rp) = (bench.request(SC)?, bench.request(SP)?);
    let half = ageing.when(|t| ageing.mean(&rc, Some(t)) - 0.5 * ageing.mean(&rc, None))? / CLOCK;
    let crossing = ageing.when(|t| ageing.mean(&rc, Some(t)) - ageing.mean(&rp, Some(t)))? / CLOCK;
    let ages = geometric(100.0, 1e5, 121);
    let aged = |request| ages.iter().map(|t| ageing.mean(request, Some(t * CLOCK))).collect::<Vec<f64>>();
    let (complete_late, phase_late) = (aged(&rc), aged(&rp));

    let plot = Panel::new(
        Axis::linear(r"Time $t/\tau$, $\tau=2\pi/\omega_1$").range(0.0, end),
        Axis::linear(r"$S_c(t),\ S_p(t)$").range(0.0, 0.36),
    )
    .with(Series::line(t.clone(), complete_run.clone()).color(complete()).width(0.6).label("$S_c$"))
    .with(Series::line(t.clone(), phase_run.clone()).color(phase()).width(0.6).label("$S_p$"))
    .with(Series::line(vec![0.0, end], vec![sc, sc]).color(Color::BLACK).dash(Dash::Dashed).width(0.9).label("plateau"))
    .with(Series::line(vec![0.0, end], vec![sp, sp]).color(Color::BLACK).dash(Dash::Dashed).width(0.9))
    .title("From rest and the vacuum");
    let late = Panel::new(
        Axis::log(r"Time $t/\tau$").range(100.0, 1e5),
        Axis::linear(r"$\overline{S}_c,\ \overline{S}_p$ over one period").range(0.0, 0.36),
    )
    .with(Reference::x(half, r"$S_c$ halved"))
    .with(Reference::x(crossing, "$S_c=S_p$"))
    .with(Series::line(ages.clone(), complete_late.clone()).color(complete()).label("$S_c$"))
    .with(Series::line(ages.clone(), phase_late.clone()).color(phase()).label("$S_p$"))
    .title("The plateau falls: no steady state");
    let drawing = Figure::new(Width::Double).panel(plot).panel(late).caption(
        r"Fig. 2a of Mari et al. (a) Complete and phase synchronization of the two clocks over time; dashed: mean over a period with the collective phase removed. (b) The same run on long times: diffusion of the collective phase reaches $q_-$ and $p_-$, and the linearised measures fall as $1/t$.",
    );
    let drawing = with_failures(drawing, [("cycle".to_owned(), &report), ("direct run".to_owned(), &run)]);
    let tables =
        vec![
            Table::new("time")
                .with("t", "tau", "time in units of 2 pi/omega_1, from rest and the vacuum", t)
                .with("S_c", "1", "complete synchronization, Eq. 1 after Eq. 3", complete_run)
                .with("S_p", "1", "phase synchronization, Eq. 5", phase_run),
            Table::new("late")
                .with("t", "tau", "time", ages)
                .with("S_c", "1", "mean over one period", complete_late)
                .with("S_p", "1", "mean over one period", phase_late),
        ];
    let numbers = vec![
        number("S_c of the plateau", sc, "1"),
        number("S_p of the plateau", sp, "1"),
        number("S_c halved", half, "tau"),
        number("S_c = S_p", crossing, "tau"),
    ];
    Ok(figure("2a", drawing, tables, numbers))
}

fn over_coupling(watch: &Watch<'_>) -> Result<PaperFigure, PaperError> {
    watch.go_on()?;
    let last = 0.2;
    let bench = Bench::pair(&[SC, SP, DISCORD, NEGATIVITY, LAG])?;
    let marks = landmarks(&bench, last)?;
    let (lock, threshold, again) = (marks.locking.parameter, marks.threshold.parameter, marks.again.parameter);
    let doublings: Vec<f64> =
        marks.all.iter().filter(|m| m.kind == Kind::PeriodDoubling).map(|m| m.parameter).collect();
    let [closed, open] = doublings[..] else {
        return Err(trouble(
            "Fig. 2b",
            format!("{} period doublings up to mu = {last} instead of two", doublings.len()),
        ));
    };
    // Dense near the ends, where the curves are steep; from one stable window to the next the lines break.
    let mut mus = geometric(lock * 1.002, 0.006, 24);
    mus.extend(grid(0.007, threshold - 0.0025, 44));
    mus.extend(geometric(0.002, 8e-5, 10).iter().map(|d| threshold - d));
    mus.extend(grid(again * 1.0005, closed * 0.999, 36));
    mus.push(0.5 * (closed + open));
    mus.extend(grid(open * 1.0001, last, 24));
    let quantities = [SC, SP, DISCORD, NEGATIVITY];
    let rows = watch.each(&mus, |mu| {
        if *mu > closed && *mu < open {
            return Ok(([f64::NAN; 4], None));
        }
        let report = bench.run(&[("mu", *mu)])?;
        if report.value(LAG).is_none_or(|lag| lag.abs() > FRAC_PI_2) {
            return Ok(([f64::NAN; 4], None));
        }
        // Next to the saddle-node the two ways to remove the collective phase part, and S_c means nothing.
        let complete = report.quantity(SC);
        let transverse =
            complete.and_then(|q| q.alternatives.iter().find(|a| a.0 == "transverse")).map_or(0.0, |a| a.1);
        let agree = report.value(SC).is_some_and(|s| s < 1.5 * transverse && s > 0.0);
        let row = quantities.map(|q| report.value(q).filter(|_| q != SC || agree).unwrap_or(f64::NAN));
        Ok((row, agree.then_some((format!("mu = {mu:.5}"), report))))
    })?;
    let (rows, reports): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
    let column = |k: usize| rows.iter().map(|r| r[k]).collect::<Vec<f64>>();
    let [sc, sp, dg, negativity] = [0, 1, 2, 3].map(column);
    let coarse = Options { tolerance: 1e-8, ..window(100.0, 200.0, 16) };
    let direct = Bench::new(model(PAIR, &[])?, &[SC, SP], coarse)?;
    let mut windows = vec![0.0, 0.001, 0.002];
    windows.extend(grid(0.004, threshold - 0.0005, 36));
    let seen = watch.each(&windows, |mu| {
        let report = direct.run(&[("mu", *mu)])?;
        Ok([SC, SP].map(|q| report.value(q).unwrap_or(f64::NAN)))
    })?;
    let (seen_c, seen_p): (Vec<f64>, Vec<f64>) = seen.iter().map(|r| (r[0], r[1])).unzip();

    // Symbols at every fourth point or so of the paper's range.
    let symbols = |values: &[f64]| -> (Vec<f64>, Vec<f64>) {
        let mut next = 0.0;
        mus.iter()
            .zip(values)
            .filter(|(mu, _)| **mu < threshold)
            .filter(|(mu, _)| {
                let take = **mu >= next;
                if take {
                    next = **mu + 0.004;
                }
                take
            })
            .map(|(m, v)| (*m, *v))
            .unzip()
    };
    let marked = |values: &[f64], color: Color, shape: Shape, label: &str| {
        let (x, y) = symbols(values);
        Series::points(x, y).color(color).marker(shape).label(label)
    };
    let lower: Vec<usize> = (0..mus.len()).filter(|&k| mus[k] < threshold).collect();
    let pick = |values: &[f64], of: &[usize]| of.iter().map(|&k| values[k]).collect::<Vec<f64>>();
    let line =
        |values: &[f64], color: Color| Series::line(pick(&mus, &lower), pick(values, &lower)).color(color).width(0.9);
    let thin = |values: &[f64], color: Color| {
        Series::line(windows.clone(), values.to_vec()).color(color).width(0.8).dash(Dash::Dotted)
    };
    let main = Panel::new(
        Axis::linear(r"Coupling $\mu/\omega_1$").range(0.0, 0.085),
        Axis::linear(r"$\overline{S}_c,\ \overline{S}_p,\ \overline{D}_G$ (nats)").range(0.0, 0.33),
    )
    .with(Region::new(threshold, f64::INFINITY, ""))
    .with(Reference::x(lock, "SN"))
    .with(Reference::x(threshold, "NS"))
    .with(line(&sc, complete()))
    .with(line(&sp, phase()))
    .with(line(&dg, discord()))
    .with(thin(&seen_c, complete()))
    .with(thin(&seen_p, phase()))
    .with(marked(&sc, complete(), Shape::Circle, "$S_c$"))
    .with(marked(&sp, phase(), Shape::Square, "$S_p$"))
    .with(marked(&dg, discord(), Shape::Diamond, "$D_G$"))
    .title("The range of the paper");
    let stretch = |values: &[f64]| -> Vec<f64> {
        // The lines break between the stable windows.
        (0..mus.len()).filter(|&k| mus[k] > threshold).map(|k| values[k]).collect()
    };
    let far = stretch(&mus);
    let mut wide = Panel::new(
        Axis::linear(r"Coupling $\mu/\omega_1$").range(0.14, last),
        Axis::linear(r"$\overline{S}_c,\ \overline{S}_p,\ \overline{E}_N$ (nats)").include(0.0),
    )
    .with(Region::new(0.14, again, ""))
    .with(Region::new(closed, open, ""));
    for mark in marks.all.iter().filter(|m| m.parameter > threshold * 1.01 && m.parameter < last) {
        wide = wide.with(Reference::x(mark.parameter, mark.kind.short()));
    }
    let wide = wide
        .with(Series::line(far.clone(), stretch(&sc)).color(complete()).label("$S_c$"))
        .with(Series::line(far.clone(), stretch(&sp)).color(phase()).label("$S_p$"))
        .with(Series::line(far.clone(), stretch(&negativity)).color(palette(3)).label("$E_N$"))
        .title("Beyond: stable again");
    let drawing = Figure::new(Width::Double).panel(main).panel(wide).caption(
        r"Fig. 2b of Mari et al. (a) Period means with the collective phase removed (lines and symbols) and means over 100–200 $\tau$ of direct runs from rest (dotted). SN: the saddle-node at which the clocks lock; NS: the Neimark–Sacker bifurcation that ends the limit cycle, the paper's threshold. (b) Stronger coupling than the paper's: on the cycle that is stable again $S_p$ exceeds $S_c$ and the clocks are entangled in the end. PD: period doubling; grey: no stable cycle of period one.",
    );
    let drawing = with_failures(drawing, reports.iter().flatten().map(|(place, report)| (place.clone(), report)));
    let tables = vec![
        Table::new("coupling")
            .with("mu", "omega_1", "coupling", mus)
            .with("S_c", "1", "period mean, collective phase removed; empty where no period-one cycle is stable", sc)
            .with("S_p", "1", "the same", sp)
            .with("D_G", "nats", "Gaussian discord, second mode measured, collective phase diffused", dg)
            .with("E_N", "nats", "logarithmic negativity", negativity),
        Table::new("direct")
            .with("mu", "omega_1", "coupling", windows)
            .with("S_c", "1", "mean over 100-200 tau from rest and the vacuum", seen_c)
            .with("S_p", "1", "the same", seen_p),
    ];
    let numbers = marks.all.iter().map(|m| number(m.kind.name(), m.parameter, "omega_1")).collect();
    Ok(figure("2b", drawing, tables, numbers))
}

fn over_occupation(watch: &Watch<'_>) -> Result<PaperFigure, PaperError> {
    watch.go_on()?;
    let bench = Bench::pair(&[SC, SP])?;
    let occupations = grid(0.0, 20.0, 81);
    let reports = watch.each(&occupations, |n| bench.run(&[("n_b", *n)]))?;
    let column = |name: &str| reports.iter().map(|r| value(r, name)).collect::<Result<Vec<f64>, _>>();
    let (sc, sp) = (column(SC)?, column(SP)?);
    let half = |name: &str, cold: f64| -> Result<f64, PaperError> {
        let at = |n: f64| bench.run(&[("n_b", n)]).and_then(|r| value(&r, name)).unwrap_or(f64::NAN);
        brent(|n| at(n) - 0.5 * cold, 0.0, 20.0, 1e-8).map_err(|e| trouble("Fig. 2c", e.to_string()))
    };
    let (half_c, half_p) = (half(SC, sc[0])?, half(SP, sp[0])?);
    // Whole occupations as symbols.
    let every = |v: &[f64]| v.iter().step_by(4).copied().collect::<Vec<f64>>();
    let plot = Panel::new(
        Axis::linear(r"Occupation of the baths $n_b$").range(0.0, 20.0),
        Axis::linear(r"$\overline{S}_c,\ \overline{S}_p$").range(0.0, 0.3),
    )
    .with(Series::line(occupations.clone(), sc.clone()).color(complete()).width(0.9))
    .with(Series::line(occupations.clone(), sp.clone()).color(phase()).width(0.9))
    .with(Series::points(every(&occupations), every(&sc)).color(complete()).label("$S_c$"))
    .with(Series::points(every(&occupations), every(&sp)).color(phase()).marker(Shape::Square).label("$S_p$"))
    .with(
        Series::points(vec![half_c, half_p], vec![0.5 * sc[0], 0.5 * sp[0]])
            .color(Color::BLACK)
            .marker(Shape::Plus)
            .marker_size(6.0)
            .label("half of the value at $n_b=0$"),
    );
    let drawing = Figure::new(Width::Single).panel(plot).caption(
        r"Fig. 2c of Mari et al.: period means with the collective phase removed at $\mu=0.02\,\omega_1$. The covariance is affine in $n_b$.",
    );
    let places = occupations.iter().map(|n| format!("n_b = {n}"));
    let drawing = with_failures(drawing, places.zip(&reports));
    let tables = vec![
        Table::new("occupation")
            .with("n_b", "1", "mean thermal occupation of the mechanical baths", occupations)
            .with("S_c", "1", "period mean, collective phase removed", sc)
            .with("S_p", "1", "the same", sp),
    ];
    let numbers = vec![number("S_c halved at n_b", half_c, "1"), number("S_p halved at n_b", half_p, "1")];
    Ok(figure("2c", drawing, tables, numbers))
}

fn along_ring(watch: &Watch<'_>) -> Result<PaperFigure, PaperError> {
    let half = CELLS / 2;
    let h = grid(1.0, half as f64, half);
    let couplings = [0.02, 0.005];
    let jobs: Vec<(f64, &str)> =
        couplings.iter().flat_map(|mu| [(*mu, "complete_sync"), (*mu, "phase_sync")]).collect();
    let reports = watch.each(&jobs, |(mu, name)| ring(CELLS, name, half, *mu))?;
    let profiles = jobs
        .iter()
        .zip(&reports)
        .map(|((_, name), report)| over_distance(name, half).iter().map(|n| value(report, n)).collect())
        .collect::<Result<Vec<Vec<f64>>, _>>()?;
    let mut tables = vec![Table::new("distance").with("h", "1", "distance in sites", h.clone())];
    let mut numbers = Vec::new();
    let mut drawing = Figure::new(Width::Double);
    let fine = grid(0.75, half as f64 + 0.25, 96);
    for (k, mu) in couplings.iter().enumerate() {
        let (sc, sp) = (&profiles[2 * k], &profiles[2 * k + 1]);
        let fits = [exponential(&h, sc)?, diffusive(&h, sc, CELLS)?];
        let curve = |fit: &Fit| fine.iter().map(|h| fit.at(*h)).collect::<Vec<f64>>();
        let range = if k == 0 { (0.05, 0.32) } else { (0.015, 0.25) };
        let ticks = (1..=half).map(|h| (h as f64, h.to_string()));
        let panel = Panel::new(
            Axis::linear("Distance $h$").range(0.5, half as f64 + 0.5).ticks(ticks),
            Axis::log(r"$\overline{S}_c(h),\ \overline{S}_p(h)$").range(range.0, range.1),
        )
        .with(Series::line(fine.clone(), curve(&fits[1])).color(complete()).width(0.9).label("$1/[a+bh(1-h/N)]$"))
        .with(
            Series::line(fine.clone(), curve(&fits[0]))
                .color(Color(110, 110, 110))
                .dash(Dash::Dashed)
                .width(0.9)
                .label(r"exponential"),
        )
        .with(Series::points(h.clone(), sc.clone()).color(complete()).label("$S_c$"))
        .with(Series::points(h.clone(), sp.clone()).color(phase()).marker(Shape::Square).label("$S_p$"))
        .title(format!(r"$\mu={mu}\,\omega$"));
        drawing = drawing.panel(panel);
        let last = tables.pop().unwrap_or_else(|| Table::new("distance"));
        tables.push(
            last.with(&format!("S_c at mu={mu}"), "1", "period mean", sc.clone())
                .with(&format!("S_p at mu={mu}"), "1", "period mean", sp.clone())
                .with(
                    &format!("exponential at mu={mu}"),
                    "1",
                    "fit of S_c",
                    h.iter().map(|h| fits[0].at(*h)).collect::<Vec<_>>(),
                )
                .with(
                    &format!("diffusive at mu={mu}"),
                    "1",
                    "fit of S_c",
                    h.iter().map(|h| fits[1].at(*h)).collect::<Vec<_>>(),
                ),
        );
        numbers.push(number(&format!("R^2 of the exponential at mu={mu}"), fits[0].r2, "1"));
        numbers.push(number(&format!("decay length at mu={mu}"), fits[0].coefficients[1], "sites"));
        numbers.push(number(&format!("R^2 of 1/(a + b h (1 - h/N)) at mu={mu}"), fits[1].r2, "1"));
        numbers.push(number(&format!("a at mu={mu}"), fits[1].coefficients[0], "1"));
        numbers.push(number(&format!("b at mu={mu}"), fits[1].coefficients[1], "1"));
    }
    let drawing = drawing.caption(
        r"Fig. 2d of Mari et al.: twenty clocks on a ring, all following one cycle. The decay of $S_c$ is that of phases that diffuse along a closed chain, $1/S=a+bh(1-h/N)$, not an exponential; both laws fitted to $\ln\,S_c$.",
    );
    let places = jobs.iter().map(|(mu, name)| format!("{name} at mu = {mu}"));
    let drawing = with_failures(drawing, places.zip(&reports));
    Ok(figure("2d", drawing, tables, numbers))
}
