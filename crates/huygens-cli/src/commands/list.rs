//! `huygens list`.

use huygens::measures::registry;
use huygens_lab::clocks::MEASURES;
use huygens_lab::file::BUILTINS;
use huygens_lab::papers::{self, Paper};
use huygens_lab::runs::RunError;

use crate::Outcome;
use crate::args::Listed;
use crate::output::print;

pub(crate) fn list(what: Listed) -> Result<Outcome, RunError> {
    let text = match what {
        Listed::Models => models(),
        Listed::Measures => measures(),
        Listed::Papers => papers(),
    };
    print(&text)?;
    Ok(Outcome::Fine)
}

fn measures() -> String {
    let of_models = registry().iter().map(|d| format!("{}\n\n", d.explain()));
    let of_records = MEASURES.iter().map(|m| format!("{}\n\n", m.explain()));
    of_models.chain(["Of recorded clocks (huygens clocks):\n\n".to_owned()]).chain(of_records).collect()
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
