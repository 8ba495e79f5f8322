//! A model for a reader: what `huygens show` and `huygens check` print.

use std::fmt::Write as _;

use huygens::algebra::{ModeId, Operator};
use huygens::levels::equations::{Equations, Ring};
use huygens::model::Model;

use super::problem::Problem;

/// Lines of text no longer than this.
const WIDTH: usize = 96;

fn wrapped(out: &mut String, indent: &str, text: &str) {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && indent.chars().count() + line.chars().count() + 1 + word.chars().count() > WIDTH {
            let _ = writeln!(out, "{indent}{line}");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        let _ = writeln!(out, "{indent}{line}");
    }
}

/// The modes, arrays as `a[1..20]`.
fn modes(model: &Model) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut arrays: Vec<(&str, usize)> = Vec::new();
    for mode in &model.modes {
        match &mode.array {
            None => words.push(mode.name.clone()),
            Some((name, index)) => match arrays.iter_mut().find(|(n, _)| n == name) {
                Some((_, last)) => *last = *index,
                None => {
                    arrays.push((name, *index));
                    words.push(format!("{name}[1..]"));
                }
            },
        }
    }
    for (name, last) in arrays {
        let short = format!("{name}[1..]");
        if let Some(word) = words.iter_mut().find(|w| **w == short) {
            *word = format!("{name}[1..{last}]");
        }
    }
    words.join(", ")
}

/// Everything that a model says about itself: description, modes, parameters with their values, units and notes, Hamiltonian,
/// jumps, baths, clocks and measures.
pub fn describe(model: &Model) -> String {
    let names = model.names();
    let mut out = String::new();
    let _ = writeln!(out, "{}", model.name);
    wrapped(&mut out, "  ", &model.description);
    for (key, text) in [("source", &model.reference), ("frame", &model.frame), ("time in", &model.time_unit)] {
        if !text.is_empty() {
            let _ = writeln!(out, "  {key}: {text}");
        }
    }
    let _ = writeln!(out, "\nmodes\n  {}", modes(model));
    let clocks: Vec<&str> = model.oscillators.iter().map(|m| model.modes[m.0 as usize].name.as_str()).collect();
    let _ = writeln!(out, "  clocks: {}", shortened(&clocks));
    if !model.parameters.is_empty() {
        out.push_str("\nparameters\n");
        let width = model.parameters.iter().map(|(_, p)| p.name.chars().count()).max().unwrap_or(0);
        for (_, p) in model.parameters.iter() {
            let number = p.default.to_string();
            let value =
                if p.written == number || p.written.is_empty() { number } else { format!("{} = {number}", p.written) };
            let value = if p.written.parse::<f64>().is_ok() { p.default.to_string() } else { value };
            let unit = if p.unit.is_empty() { String::new() } else { format!(" {}", p.unit) };
            let size = if p.structural { " (fixes the size)" } else { "" };
            let _ = writeln!(out, "  {:width$} = {value}{unit}{size}", p.name);
            wrapped(&mut out, &" ".repeat(width + 5), &p.note);
        }
    }
    let _ = writeln!(out, "\nHamiltonian");
    let most = 14;
    let text = |x: &Operator| x.text(&names);
    if model.hamiltonian.len() > 4 * most {
        let _ = writeln!(out, "  {} terms; `huygens equations` prints them", model.hamiltonian.len());
    } else {
        wrapped(&mut out, "  ", &format!("H = {}", text(&model.hamiltonian)));
    }
    if !model.antihermitian.is_zero() {
        out.push_str("\nanti-Hermitian part, {H_c, ρ} − 2⟨H_c⟩ρ\n");
        wrapped(&mut out, "  ", &format!("H_c = {}", text(&model.antihermitian)));
    }
    if !model.baths.is_empty() {
        out.push_str("\nthermal baths (energy rates)\n");
        for bath in model.baths.iter().take(most) {
            let mode = &model.modes[bath.mode.0 as usize].name;
            let _ = writeln!(
                out,
                "  {mode}: rate {}, occupation {}{}   {}",
                bath.rate.text(&names),
                bath.occupation.text(&names),
                if bath.momentum.is_zero() {
                    String::new()
                } else {
                    format!(", momentum share {}", bath.momentum.text(&names))
                },
                bath.label
            );
        }
        more(&mut out, model.baths.len(), most);
    }
    let free: Vec<_> = model.jumps.iter().filter(|j| j.bath.is_none()).collect();
    if !free.is_empty() {
        out.push_str("\njumps\n");
        for jump in free.iter().take(most) {
            let _ = match &jump.kept {
                None => writeln!(out, "  L = {}   {}", text(&jump.operator), jump.label),
                Some(kept) => {
                    writeln!(out, "  L = {}, kept {}   {}", text(&kept.whole), kept.share.text(&names), jump.label)
                }
            };
        }
        more(&mut out, free.len(), most);
    }
    if !model.uncoupled.is_empty() {
        let values = model.uncoupled.iter().map(|(id, v)| format!("{} = {v}", model.parameters.get(*id).name));
        let _ = writeln!(out, "\nthe control without coupling\n  {}", values.collect::<Vec<_>>().join(", "));
    }
    if !model.measures.is_empty() {
        out.push_str("\nmeasures that a run reports\n");
        wrapped(&mut out, "  ", &model.measures.join("  "));
    }
    out
}

fn more(out: &mut String, all: usize, shown: usize) {
    if all > shown {
        let _ = writeln!(out, "  … and {} more", all - shown);
    }
}

fn shortened(words: &[&str]) -> String {
    match words {
        [first, second, .., last] if words.len() > 6 => {
            format!("{first}, {second}, …, {last} ({} in all)", words.len())
        }
        _ => words.join(", "),
    }
}

/// What was found out about a model without running it: its size, symmetries and what the levels can do with it.
pub fn examine(problem: &Problem) -> String {
    let model = problem.model();
    let derived = Equations::derive(model);
    let names = model.names();
    let mut out = String::new();
    let plural = |n: usize, word: &str| if n == 1 { format!("1 {word}") } else { format!("{n} {word}s") };
    let _ = writeln!(
        out,
        "{}: {}, {}, {}, {} in H",
        model.name,
        plural(model.len(), "mode"),
        plural(model.parameters.len(), "parameter"),
        plural(model.jumps.len(), "jump"),
        plural(model.hamiltonian.len(), "term")
    );
    let fluctuations =
        if derived.linear() { "exact, the equations are linear" } else { "linearised around the mean field" };
    let levels = if model.first_spin().is_some() {
        match model.antihermitian.is_zero() {
            true if model.motion.is_some() || model.follows_mean() => format!("mean_field, gaussian ({fluctuations})"),
            true if model.first_ensemble().is_some() => format!("mean_field, gaussian ({fluctuations}), fock"),
            true => format!("mean_field, gaussian ({fluctuations}), stochastic, fock"),
            false => "fock".to_owned(),
        }
    } else if model.motion.is_some() || model.follows_mean() {
        format!("mean_field, gaussian ({fluctuations})")
    } else if model.antihermitian.is_zero() {
        format!("mean_field, gaussian ({fluctuations}), stochastic")
    } else {
        "mean_field (of a coherent state), stochastic (classical limit, weighted), fock".to_owned()
    };
    let _ = writeln!(out, "  levels: {levels}");
    if derived.driven() {
        let _ = writeln!(out, "  driven: coefficients depend on the time");
    }
    for charge in problem.experiment().charges().iter().take(4) {
        let terms: Vec<String> = charge
            .iter()
            .enumerate()
            .filter(|(_, m)| **m != 0)
            .map(|(k, m)| {
                let factor = if *m == 1 { String::new() } else { format!("{m}*") };
                format!("{factor}n({})", names.mode(ModeId(k as u32)))
            })
            .collect();
        let terms: Vec<&str> = terms.iter().map(String::as_str).collect();
        let _ = writeln!(out, "  symmetry: U(1) with the charge {}", shortened(&terms).replace(", ", " + "));
    }
    if problem.experiment().is_ring() {
        let cells = Ring::of(model).map_or(0, |ring| ring.cells);
        let _ = writeln!(out, "  ring of {cells} equal cells: treated wave by wave (Bloch)");
    }
    let asked: Vec<&str> = problem.experiment().requests().iter().map(|r| r.text.as_str()).collect();
    let _ = writeln!(out, "  measures: {}", asked.join(", "));
    out
}
