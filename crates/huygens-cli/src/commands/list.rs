//! `huygens list`.

use huygens::measures::registry;
use huygens_lab::file::BUILTINS;
use huygens_lab::papers::{self, Paper};
use huygens_lab::runs::RunError;

use crate::Outcome;
use crate::args::Listed;
use crate::output::print;

pub(crate) fn list(what: Listed) -> Result<Outcome, RunError> {
    let text = match what {
        Listed::Models => models(),
        Listed::Measures => registry().iter().map(|d| format!("{}\n\n", d.explain())).collect(),
        Listed::Papers => papers(),
    };
    print(&text)?;
    Ok(Outcome::Fine)
}

fn models() -> String {
    let width = BUILTINS.iter().map(|b| b.name.len()).max().unwrap_or(0);
    BUILTINS.iter().map(|b| format!("{:width$}  {}\n", b.name, b.summary())).collect()
}

fn papers() -> String {
    let figures = |paper: &Paper| paper.figures.iter().map(|f| f.name).collect::<Vec<_>>().join(", ");
    let list = papers::list().iter();
    list.map(|p| {
        format!(
            "{}  {}\n    {}\n    figures {}; claims {}\n",
            p.name,
            p.title,
            p.reference,
            figures(p),
            p.claim_ids().count()
        )
    })
    .collect()
}
