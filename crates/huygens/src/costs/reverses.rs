//! Jumps and their reverses: what is counted under a label, and the entropy that a jump carries away.

use huygens_numerics::c64;

use crate::algebra::{Monomial, Operator};
use crate::model::{Binding, Model, nearest};

/// The weights ν_j of all jumps of a model that a label counts: of a bath, +1 for its loss and −1 for its gain; of a jump, 1; of a mode,
/// those of all baths on it.
///
/// # Errors
/// A label that nothing has, or that several baths have.
pub fn counted(model: &Model, label: &str) -> Result<Vec<f64>, String> {
    let of_baths = |chosen: &dyn Fn(usize) -> bool| -> Vec<f64> {
        let mut seen = vec![false; model.baths.len()];
        let weight = |jump: &crate::model::Jump| match jump.bath {
            // The first jump of a bath is its loss.
            Some(b) if chosen(b) => {
                let lowers = jump.operator.iter().any(|(m, _)| m.factors().iter().any(|f| f.word.ann > f.word.dag));
                seen[b] = true;
                if lowers { 1.0 } else { -1.0 }
            }
            _ => 0.0,
        };
        model.jumps.iter().map(weight).collect()
    };
    match model.baths.iter().filter(|b| b.label == label).count() {
        0 => {}
        1 => return Ok(of_baths(&|b| model.baths[b].label == label)),
        n => {
            return Err(format!(
                "{n} baths have the label `{label}`: give each of them a label of its own in the model file"
            ));
        }
    }
    if model.jumps.iter().any(|j| j.label == label) {
        return Ok(model.jumps.iter().map(|j| f64::from(u8::from(j.label == label))).collect());
    }
    if let Some(mode) = model.modes.iter().position(|m| m.name == label)
        && model.baths.iter().any(|b| b.mode.0 as usize == mode)
    {
        return Ok(of_baths(&|b| model.baths[b].mode.0 as usize == mode));
    }
    let mut known: Vec<&str> = model.baths.iter().map(|b| b.label.as_str()).collect();
    known.extend(model.jumps.iter().map(|j| j.label.as_str()));
    let meant = nearest(label, known.iter().copied()).map_or(String::new(), |l| format!(": did you mean `{l}`?"));
    let list: Vec<String> = known.iter().take(8).map(|l| format!("\"{l}\"")).collect();
    let list =
        if list.is_empty() { "the model has neither".to_owned() } else { format!("there are {}", list.join(", ")) };
    Err(format!("no bath and no jump has the label `{label}`{meant}; {list}"))
}

/// ln(Γ_j/Γ_j̃) of every jump, the entropy that one event of it carries away: 0 for jumps that are their own reverse, such as
/// dephasing.
///
/// # Errors
/// A jump without a reverse (an event that never runs backwards costs infinite entropy), or with several.
pub fn entropies(model: &Model, binding: &Binding) -> Result<Vec<f64>, String> {
    let numbers = |operator: &Operator| -> Result<Vec<(Monomial, c64)>, String> {
        let mut list = Vec::new();
        for (monomial, c) in operator.iter() {
            let z = c.eval(&binding.values, 0.0).map_err(|e| e.message(&model.names()))?;
            if z != c64::new(0.0, 0.0) {
                list.push((monomial.clone(), z));
            }
        }
        Ok(list)
    };
    let jumps: Vec<Vec<(Monomial, c64)>> =
        model.jumps.iter().map(|j| numbers(&j.operator)).collect::<Result<_, _>>()?;
    let reversed: Vec<Vec<(Monomial, c64)>> =
        model.jumps.iter().map(|j| numbers(&j.operator.adjoint())).collect::<Result<_, _>>()?;
    let size = |jump: &[(Monomial, c64)]| jump.iter().map(|(_, z)| z.norm_sqr()).sum::<f64>();
    let mut entropies = Vec::with_capacity(jumps.len());
    for (j, jump) in jumps.iter().enumerate() {
        if jump.is_empty() {
            entropies.push(0.0);
            continue;
        }
        let same = |k: &usize| model.jumps[*k].bath == model.jumps[j].bath && proportional(jump, &reversed[*k]);
        let partners: Vec<usize> = (0..jumps.len()).filter(same).collect();
        let label = &model.jumps[j].label;
        match partners.as_slice() {
            [k] => entropies.push((size(jump) / size(&reversed[*k])).ln()),
            [] => {
                return Err(format!(
                    "the jump `{label}` has no reverse: events that never run backwards cost infinite entropy; give its bath a temperature"
                ));
            }
            _ => {
                return Err(format!(
                    "the jump `{label}` has {} reverses, and what it costs depends on which one belongs to it: write pairs as baths",
                    partners.len()
                ));
            }
        }
    }
    Ok(entropies)
}

fn proportional(a: &[(Monomial, c64)], b: &[(Monomial, c64)]) -> bool {
    let [(_, first), ..] = a else { return false };
    let Some((_, other)) = b.iter().find(|(m, _)| *m == a[0].0) else { return false };
    let ratio = other / first;
    let fits = |(m, z): &(Monomial, c64)| b.iter().any(|(n, w)| m == n && (w - z * ratio).norm() <= 1e-12 * w.norm());
    a.len() == b.len() && a.iter().all(fits)
}
