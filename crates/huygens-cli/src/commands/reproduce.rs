//! `huygens reproduce`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use huygens_lab::papers::{self, Paper, PaperError, Watch, claims_json, claims_table};
use huygens_lab::record::RecordError;
use huygens_lab::runs::RunError;
use huygens_lab::study::{Progress, Silent, for_stderr};
use serde_json::{Map, Value, json};

use crate::Outcome;
use crate::args::{Reproduce, Told};
use crate::output::{Terminal, print};

use super::{listen, make_folder};

pub(crate) fn reproduce(a: &Reproduce) -> Result<Outcome, RunError> {
    let chosen: Vec<&Paper> = if a.paper == "all" { papers::list().to_vec() } else { vec![papers::find(&a.paper)?] };
    if let Some(part) = &a.part {
        for paper in &chosen {
            if part != "claims" && !paper.figures.iter().any(|f| f.name == part) {
                let known: Vec<&str> = paper.figures.iter().map(|f| f.name).collect();
                let help = format!("there are: {}, claims", known.join(", "));
                return Err(RunError::input(format!("{} has no figure `{part}`", paper.name), help));
            }
        }
    }
    if let Some(threads) = a.threads {
        // Fails only where a pool is there already, which it is not.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(threads.get()).build_global();
    }
    let terminal = Terminal::new();
    let stop = Arc::new(AtomicBool::new(false));
    listen(&stop, terminal);
    let mut audits = Vec::new();
    for paper in chosen {
        match audit(a, paper, terminal, &stop) {
            Ok(found) => audits.push(found),
            Err(RunError::Paper(error)) if matches!(*error, PaperError::Interrupted) => {
                terminal.say("interrupted");
                return Ok(Outcome::Interrupted);
            }
            Err(error) => return Err(error),
        }
    }
    if a.format == Told::Json {
        let object = if a.paper == "all" { json!({ "audits": audits }) } else { audits.pop().unwrap_or_default() };
        print(&format!("{}\n", serde_json::to_string_pretty(&object).unwrap_or_default()))?;
    }
    Ok(Outcome::Fine)
}

/// One paper, as far as it was asked for.
fn audit(a: &Reproduce, paper: &Paper, terminal: Terminal, stop: &AtomicBool) -> Result<Value, RunError> {
    let (with_claims, figures): (bool, Vec<&str>) = match a.part.as_deref() {
        None => (true, paper.figures.iter().map(|f| f.name).collect()),
        Some("claims") => (true, Vec::new()),
        Some(figure) => (false, vec![figure]),
    };
    let folder: Option<PathBuf> = match (&a.out, a.format) {
        (Some(out), _) if a.paper == "all" => Some(make_folder(&out.join(paper.name))?),
        (Some(out), _) => Some(make_folder(out)?),
        (None, Told::Table) if !figures.is_empty() => Some(make_folder(&Path::new("huygens-out").join(paper.name))?),
        (None, _) => None,
    };
    let progress: Box<dyn Progress> = if a.quiet { Box::new(Silent) } else { for_stderr(a.progress) };
    let watch = Watch::new(&*progress, stop);
    let mut object = Map::new();
    let mut written = Vec::new();
    if with_claims {
        let claims = paper.claims(&watch)?;
        let text = claims_json(paper, &claims);
        if let Ok(Value::Object(parsed)) = serde_json::from_str(&text) {
            object.extend(parsed);
        }
        if let Some(folder) = &folder {
            let path = folder.join("claims.json");
            std::fs::write(&path, &text).map_err(|source| RecordError::Write { path: path.clone(), source })?;
            written.push(path);
        }
        if a.format == Told::Table && !a.quiet {
            terminal.say(&claims_table(paper, &claims, terminal.style()));
        }
    } else {
        object.insert("paper".into(), json!(paper.name));
    }
    let mut drawn = Vec::new();
    for name in figures {
        let figure = paper.figure(name, &watch)?;
        if let Some(folder) = &folder {
            written.extend(figure.save(folder)?);
        }
        drawn.push(serde_json::from_str::<Value>(&figure.json()).unwrap_or_default());
    }
    if !drawn.is_empty() {
        object.insert("figures".into(), Value::Array(drawn));
    }
    if let (Some(folder), false) = (&folder, a.quiet) {
        let names: Vec<_> = written.iter().filter_map(|f| f.file_name()).map(|n| n.to_string_lossy()).collect();
        terminal.remark(&format!("written to {}: {}", folder.display(), names.join(", ")));
    }
    Ok(Value::Object(object))
}
