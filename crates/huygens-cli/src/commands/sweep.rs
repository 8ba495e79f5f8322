//! `huygens sweep`.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use huygens_lab::record::{Axis, Grid, PointStatus, Shard, SweepData, SweepStore};
use huygens_lab::runs::{MAX_DRAWN_POINTS, RunError, SweepPoints, sweep_figure};
use huygens_lab::study::{Progress, Silent, StudyError, Summary, Sweep as Study, for_stderr};
use serde_json::{Map, Value, json};

use crate::Outcome;
use crate::args::{Format, Sweep};
use crate::output::{Terminal, data};

use super::{command, folder_name, listen, load, options};

pub(crate) fn sweep(a: &Sweep) -> Result<Outcome, RunError> {
    let terminal = Terminal::new();
    let mut axes = a.over.iter().map(|text| Axis::parse(text)).collect::<Result<Vec<_>, _>>()?;
    // Asked of the grid first: an empty or endless one is refused before anything else is done.
    Grid::new(axes.clone())?;
    let loaded = load(&a.model, a.method.quiet)?;
    let mut options = options(&loaded, &a.method)?;
    options.starts = a.starts;
    options.control = a.control;
    let points = SweepPoints::new(loaded, &a.method.measures, options, &mut axes)?;
    let grid = Grid::new(axes)?;
    let shard = match &a.shard {
        Some(text) => Shard::parse(text).map_err(|e| RunError::input(e.to_string(), ""))?,
        None => Shard::WHOLE,
    };
    let figure = a.figure.as_deref().map(picture_path).transpose()?;
    let study = Study::new(grid.clone()).shard(shard).resume(a.resume).threads(a.method.threads);
    let progress: Box<dyn Progress> = if a.method.quiet { Box::new(Silent) } else { for_stderr(a.progress) };
    let stop = Arc::new(AtomicBool::new(false));
    listen(&stop, terminal);

    let model = points.problem().model().name.clone();
    let swept: Vec<&str> = grid.axes().iter().map(Axis::name).collect();
    let provenance = points.problem().provenance(&command(), &swept);
    let store = match (&a.out, a.format) {
        (Some(out), _) => Some(out.clone()),
        (None, Format::Table) => {
            Some(Path::new("huygens-out").join(format!("{}-{}.zarr", folder_name(&model), swept.join("-"))))
        }
        (None, _) if a.resume || a.shard.is_some() => {
            return Err(RunError::input("--resume and --shard are about a store", "name it with --out"));
        }
        (None, _) => None,
    };
    let (sweep_data, summary) = match &store {
        Some(store) => {
            let summary = study.into_store(store, &model, &provenance, &points, &*progress, &stop)?;
            let wanted = figure.is_some() || (!a.no_figure && grid.len() <= MAX_DRAWN_POINTS);
            let printed = a.format != Format::Table;
            let small = grid.len() <= MAX_DRAWN_POINTS;
            let read = summary.complete && (printed || wanted || small);
            (if read { Some(SweepStore::open(store)?.load()?) } else { None }, summary)
        }
        None => {
            let (mut sweep_data, summary) = study.in_memory(&points, &*progress, &stop).map_err(|e: StudyError| e)?;
            if let Value::Object(attributes) = provenance.json() {
                sweep_data.attributes = attributes;
            }
            (Some(sweep_data), summary)
        }
    };
    if summary.interrupted {
        if !a.method.quiet {
            terminal.say(&interrupted(&summary, store.as_deref()));
        }
        return Ok(Outcome::Interrupted);
    }
    match (a.format, &sweep_data) {
        (Format::Json, Some(d)) => {
            let text = json_object(&model, points.problem().experiment().options().level.name(), d, &provenance.json());
            data(|out| {
                serde_json::to_writer_pretty(&mut *out, &text).map_err(io::Error::from).and_then(|()| writeln!(out))
            })?;
        }
        (Format::Csv, Some(d)) => data(|out| d.write_csv(out))?,
        _ => {}
    }
    let mut written = Vec::new();
    if let Some(d) = &sweep_data {
        let target = match (&figure, &store) {
            _ if a.no_figure => None,
            (Some(target), _) => Some(target.clone()),
            (None, Some(store)) if grid.len() <= MAX_DRAWN_POINTS => Some(beside(store)),
            _ => None,
        };
        // Drawing follows the branch to mark its bifurcations: nothing of it where no figure is wanted.
        if let Some((folder, stem)) = target
            && let Some(picture) = sweep_figure(points.problem(), d, &provenance.command)
        {
            written.extend(picture.save(&folder, &stem)?);
        }
    }
    if !a.method.quiet {
        terminal.say(&told(&summary, grid.axes(), sweep_data.as_ref()));
        if let Some(store) = &store {
            terminal.remark(&format!(
                "store {}   xarray.open_zarr({:?})",
                store.display(),
                store.display().to_string()
            ));
        }
        if !written.is_empty() {
            let names: Vec<String> = written.iter().map(|p| p.display().to_string()).collect();
            terminal.remark(&format!("figure {}", names.join(", ")));
        }
        if !summary.complete {
            terminal.remark("the shards of this store are not all done yet");
        }
    }
    Ok(if summary.counts.fail + summary.counts.error > 0 { Outcome::CheckFailed } else { Outcome::Fine })
}

fn interrupted(summary: &Summary, store: Option<&Path>) -> String {
    let done = summary.counts.computed();
    let head = format!("interrupted after {done} of {} points", summary.share);
    match store {
        Some(store) => {
            format!("{head}; what is done is in {}: the same command with --resume continues it", store.display())
        }
        None => format!("{head}; nothing was stored: give --out STORE to be able to continue"),
    }
}

/// Folder and stem of a figure.
fn picture_path(path: &Path) -> Result<(PathBuf, String), RunError> {
    let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    let stem = match extension.as_deref() {
        Some("png" | "svg") => path.file_stem(),
        _ => path.file_name(),
    };
    let Some(stem) = stem else {
        return Err(RunError::input(
            format!("--figure {} names no file", path.display()),
            "write --figure tongue.png; PNG and SVG are both drawn",
        ));
    };
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok((folder.into(), stem.to_string_lossy().into_owned()))
}

/// The figure of a store lies beside it, under its name.
fn beside(store: &Path) -> (PathBuf, String) {
    let folder = store.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let stem = store.file_stem().map_or_else(|| "sweep".into(), |s| s.to_string_lossy().into_owned());
    (folder.into(), stem)
}

fn finite(values: &[f64]) -> Vec<Option<f64>> {
    values.iter().map(|v| v.is_finite().then_some(*v)).collect()
}

/// A whole sweep as one object: the axes, and each column in row-major order with `null` where it has no value.
fn json_object(model: &str, level: &str, sweep: &SweepData, provenance: &Value) -> Value {
    let axes: Map<String, Value> =
        sweep.axes.iter().map(|a| (a.name.clone(), json!({"values": a.values, "unit": a.unit}))).collect();
    let columns = sweep.columns.iter().map(|(c, v)| (c.name.clone(), json!({"values": finite(v), "unit": c.unit})));
    let status: Vec<&str> = sweep
        .status
        .iter()
        .map(|code| match PointStatus::from_code(*code) {
            Some(PointStatus::Pass) => "pass",
            Some(PointStatus::Note) => "note",
            Some(PointStatus::Fail) => "fail",
            Some(PointStatus::Error) => "error",
            _ => "missing",
        })
        .collect();
    let messages: Map<String, Value> = sweep.messages.iter().map(|(k, text)| (k.to_string(), json!(text))).collect();
    json!({
        "model": model, "level": level, "axes": axes, "order": sweep.axes.iter().map(|a| &a.name).collect::<Vec<_>>(),
        "shape": sweep.shape(), "values": columns.collect::<Map<_, _>>(), "status": status, "messages": messages, "provenance": provenance,
    })
}

/// What a sweep came to, in a few lines.
fn told(summary: &Summary, axes: &[Axis], sweep: Option<&SweepData>) -> String {
    let counts = &summary.counts;
    let seconds = summary.elapsed.as_secs_f64();
    let fresh = summary.share - summary.resumed;
    let threads = if summary.threads == 1 { "1 thread".into() } else { format!("{} threads", summary.threads) };
    let mut lines = vec![format!(
        "{} points in {seconds:.2} s ({:.0} a second, {threads}){}: {} pass, {} with a note, {} with a failed check, {} without a result",
        fresh,
        fresh as f64 / seconds.max(1e-9),
        if summary.resumed > 0 { format!(", {} were done before", summary.resumed) } else { String::new() },
        counts.pass,
        counts.note,
        counts.fail,
        counts.error
    )];
    if let Some(sweep) = sweep {
        lines.extend(extremes(sweep));
    }
    for (_, point, status, message) in &summary.messages {
        let place: Vec<String> = axes.iter().zip(point).map(|(a, v)| format!("{} = {v}", a.name())).collect();
        let what = if *status == PointStatus::Error { "no result" } else { "check failed" };
        lines.push(format!("  {what} at {}: {message}", place.join(", ")));
    }
    let told = summary.messages.len() as u64;
    if counts.fail + counts.error > told {
        lines.push(format!(
            "  … and at {} more points: see `status` and `message` in the store",
            counts.fail + counts.error - told
        ));
    }
    lines.join("\n")
}

/// Six digits, small and large numbers with an exponent.
fn short(x: f64) -> String {
    if x == 0.0 || (1e-3..1e6).contains(&x.abs()) { format!("{x:.6}") } else { format!("{x:.5e}") }
}

/// The range of each measure and where it is largest.
fn extremes(sweep: &SweepData) -> Vec<String> {
    let shape = sweep.shape();
    let place = |mut k: usize| {
        let mut at = vec![String::new(); shape.len()];
        for (text, axis) in at.iter_mut().zip(&sweep.axes).rev() {
            *text = format!("{} = {:.6}", axis.name, axis.values[k % axis.values.len()]);
            k /= axis.values.len();
        }
        at.join(", ")
    };
    let derived = |name: &str| name.ends_with(".min") || name.ends_with(".max") || name == "attractor";
    let columns: Vec<_> = sweep.columns.iter().filter(|(c, _)| !derived(&c.name)).collect();
    let width = columns.iter().map(|(c, _)| c.name.chars().count()).max().unwrap_or(0);
    columns
        .into_iter()
        .filter_map(|(c, values)| {
            let present = values.iter().copied().enumerate().filter(|(_, v)| v.is_finite());
            let (largest, high) = present.clone().max_by(|a, b| a.1.total_cmp(&b.1))?;
            let low = present.map(|(_, v)| v).fold(f64::INFINITY, f64::min);
            Some(format!("  {:width$}  {} to {}, largest at {}", c.name, short(low), short(high), place(largest)))
        })
        .collect()
}
