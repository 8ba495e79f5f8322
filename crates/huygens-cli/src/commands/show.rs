//! `huygens show`.

use huygens::measures::{find, registry};
use huygens::model::nearest;
use huygens_lab::clocks::MEASURES;
use huygens_lab::file::{self, BUILTINS};
use huygens_lab::papers;
use huygens_lab::runs::{RunError, describe};

use crate::Outcome;
use crate::output::print;

pub(crate) fn show(name: &str) -> Result<Outcome, RunError> {
    let text = if let Some(measure) = find(name.split('(').next().unwrap_or(name).trim()) {
        format!("{}\n", measure.explain())
    } else if let Some(measure) = MEASURES.iter().find(|m| Some(m.name) == name.split('(').next().map(str::trim)) {
        format!("{}\n  of recorded clocks (huygens clocks)\n", measure.explain())
    } else if file::builtin(name).is_some() || name.ends_with(".toml") || std::path::Path::new(name).exists() {
        describe(&file::load(name)?.model)
    } else if let Some(paper) = papers::list().iter().find(|p| p.name == name) {
        let figures = paper.figures.iter().map(|f| format!("  figure {}  {}\n", f.name, f.title));
        let claims: Vec<&str> = paper.claim_ids().collect();
        format!(
            "{}\n{}\n\n{}\nclaims: {}\n",
            paper.title,
            paper.reference,
            figures.collect::<String>(),
            claims.join(", ")
        )
    } else {
        let known = BUILTINS
            .iter()
            .map(|b| b.name)
            .chain(registry().iter().map(|d| d.name))
            .chain(MEASURES.iter().map(|m| m.name))
            .chain(papers::list().iter().map(|p| p.name));
        let help = match nearest(name, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`huygens list models` and `huygens list measures` say what there is".into(),
        };
        return Err(RunError::input(format!("`{name}` is neither a model, a measure nor a paper"), help));
    };
    print(&text)?;
    Ok(Outcome::Fine)
}
