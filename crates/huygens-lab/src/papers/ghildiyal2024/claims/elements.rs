//! Eqs. (C1), (12), (20): the linearisation, E₁ to E₈, F₁, F₂ and the diffusion.

use huygens_numerics::c64;

use super::super::laboratory::{PRINTED, REPAIRED, Values, Variant, elements, trouble};
use crate::papers::{Claim, PaperError, Verdict, Watch};

pub(in super::super) const IDS: &[&str] =
    &["d16-diagonal", "d17-conjugate", "d18-exponentials", "d19-inhomogeneity", "d20-diffusion"];

/// Points of phase space at which elements are compared.
const POINTS: [[c64; 2]; 3] = [
    [c64::new(0.5, 0.0), c64::new(0.5, 0.0)],
    [c64::new(0.8, -0.2), c64::new(-0.1, 0.3)],
    [c64::new(-0.3, 0.7), c64::new(0.9, 0.4)],
];

/// What is wrong with the elements at R = 0, as replacements in the text of the model, for both chains.
const REPAIRS: [(&str, &str); 4] = [
    // E1, E7: g_j², 2|β|²/N, γ_nl 3/N².
    ("3/N#*gamma_nl*abs2(b#)^2", "3/N#^2*gamma_nl*abs2(b#)^2"),
    (
        "gamma_nl)*abs2(b#) \n+ i*sigma_z/X*(g#*(3*abs2(b#)/(2*N#) - 9*abs2(b#)^2/(16*N#^2) - 1)",
        "gamma_nl)*abs2(b#) \n+ i*sigma_z/X*(g#^2*(2*abs2(b#)/N# - 9*abs2(b#)^2/(16*N#^2) - 1)",
    ),
    // E2, E8: g_j² b²(1/N − 3|b|²/8N²) in the place of a copy of E1.
    (
        "gamma_nl)*b#^2 \n+ i*sigma_z/X*(g#*(3*abs2(b#)/(2*N#) - 9*abs2(b#)^2/(16*N#^2) - 1)",
        "gamma_nl)*b#^2 \n+ i*sigma_z/X*(g#^2*b#^2*(1/N# - 3*abs2(b#)/(8*N#^2))",
    ),
    // The amplitude too many of the mean field.
    ("abs2(b#)*b#/(4*N#) + 2*R#", "abs2(b#)/(4*N#) + 2*R#"),
];

/// The model of the printed equations with its elements repaired.
fn repaired_text(with_halves: bool) -> Result<String, PaperError> {
    // A line of the file that goes on in the next ends with a backslash.
    let mut text = crate::file::builtin(PRINTED).map(|b| b.text.replace("\\\n", "\n")).unwrap_or_default();
    let mut replace = |from: &str, to: &str| {
        if !text.contains(from) {
            return Err(trouble("the repaired elements", format!("`{from}` stands nowhere in the model file")));
        }
        text = text.replace(from, to);
        Ok(())
    };
    for (from, to) in REPAIRS {
        for k in ["1", "2"] {
            replace(&from.replace('#', k), &to.replace('#', k))?;
        }
    }
    if with_halves {
        // E1 only: 1/N1 → 1/2N1 in the last brace.
        replace("exp(-R1*a1)/(N1)", "exp(-R1*a1)/(2*N1)")?;
    }
    Ok(text)
}

/// Largest |E_k − J_k| over the points, the J_k from the exact derivative of `flow`.
fn errors(given: &Variant, flow: &Variant, values: Values<'_>, t: f64) -> Result<[f64; 8], PaperError> {
    let (given, exact) = (given.fluctuations(values)?, flow.fluctuations(values)?);
    let mut largest = [0.0_f64; 8];
    for z in &POINTS {
        let (e, j) = (elements(&given.drift_matrix(t, z)), elements(&exact.drift_matrix(t, z)));
        for (l, (a, b)) in largest.iter_mut().zip(e.iter().zip(&j)) {
            *l = l.max((a - b).norm());
        }
    }
    Ok(largest)
}

pub(in super::super) fn audit(watch: &Watch<'_>) -> Result<Vec<Claim>, PaperError> {
    watch.go_on()?;
    let (printed, repaired) = (Variant::load(PRINTED)?, Variant::load(REPAIRED)?);
    let at_zero = errors(&printed, &repaired, &[], 0.0)?;
    let mended = errors(&Variant::parse(&repaired_text(true)?)?, &repaired, &[], 0.0)?;
    let without_half = errors(&Variant::parse(&repaired_text(false)?)?, &repaired, &[], 0.0)?;
    let moving: Values<'_> = &[("lambda", 0.2)];
    let later = errors(&Variant::parse(&repaired_text(true)?)?, &repaired, moving, 100.0)?;
    let rest = [c64::new(0.0, 0.0); 2];
    let at_rest = elements(&printed.fluctuations(&[])?.drift_matrix(0.0, &rest));
    watch.go_on()?;

    // F1 at rest: −(12 A + 1) of its last brace, times g1 <σ_z>/X; nothing else is left there.
    let binding = printed.model.parameters.defaults();
    let get = |name: &str| Ok::<f64, PaperError>(binding.value(printed.model.parameters.find(name)?));
    let (g1, g2, n1, n2) = (get("g1")?, get("g2")?, get("N1")?, get("N2")?);
    let x = -g1 * n1.sqrt() - g2 * n2.sqrt();
    let inhomogeneity = (g1 * get("sigma_z")? / x * 13.0).abs();
    // Eq. (12): the variances of α1 and α2 of one mode, for any U and white noise of both quadratures.
    let u = c64::new(get("gamma_l")?.sqrt(), 0.0)
        + (2.0 * POINTS[1][0].norm_sqr() - POINTS[1][0] * POINTS[1][0]) * (get("gamma_nl")?.sqrt() / n1);
    let (first, second) = (u.re * u.re + u.im * u.im, u.im * u.im + u.re * u.re);
    let d = printed.fluctuations(&[])?.diffusion_matrix(0.0, &POINTS[1]);
    let diagonal: Vec<f64> = (0..4).map(|k| d[(k, k)]).collect();
    let pick = |list: &[f64; 8], of: &[usize]| of.iter().map(|k| list[k - 1]).collect::<Vec<f64>>();
    let most = |list: &[f64]| list.iter().copied().fold(0.0, f64::max);
    Ok(vec![
        Claim::new("d16-diagonal", "Eq. (C1)", "E1 and E7 are the derivatives of (B1) and (B2)", "E1, E7")
            .values("largest error of E1, E7 at R = 0", &pick(&at_zero, &[1, 7]), 3)
            .values("of E3, E4, E5, E6", &pick(&at_zero, &[3, 4, 5, 6]), 2)
            .values("of E1, E7 with g_j^2, 2|beta|^2/N and 3/N^2", &pick(&without_half, &[1, 7]), 2)
            .values("and 1/2N1 in the last brace of E1", &pick(&mended, &[1, 7]), 2)
            .verdict(
                Verdict::of(most(&pick(&at_zero, &[1, 7])) < 1e-12),
                "g_j should be g_j^2, 3|beta|^2/2N should be 2|beta|^2/N, 3/N of the quintic damping 3/N^2; in E1 also 1/N1 should be 1/2N1. \
                 E3 to E6 are right at R = 0",
            ),
        Claim::new("d17-conjugate", "Eq. (C1)", "E2 and E8 are the derivatives by the conjugates", "E2, E8")
            .values("largest error of E2, E8 at R = 0", &pick(&at_zero, &[2, 8]), 3)
            .values("with g_j^2 b^2 (1/N - 3|b|^2/8N^2)", &pick(&mended, &[2, 8]), 2)
            .values("Im E2, Im E8 at rest, where they vanish", &[at_rest[1].im, at_rest[7].im], 5)
            .verdict(
                Verdict::of(most(&pick(&at_zero, &[2, 8])) < 1e-12),
                "Their first term is a copy of that of E1 and E7: at rest it squeezes the vacuum, and makes it unstable",
            ),
        Claim::new("d18-exponentials", "Eq. (C1)", "The elements hold for R other than 0", "E1 to E8")
            .values("largest error of E1 ... E8 at lambda = 0.2, t = 100, right at R = 0", &later, 2)
            .verdict(
                Verdict::of(most(&later) < 1e-9),
                "Terms 2RA lack their exponentials in all of them, and several powers of beta are wrong",
            ),
        Claim::new("d19-inhomogeneity", "Eqs. (10), (C1)", "F1 and F2 are the rest of the linearisation", "F1, F2")
            .value("|F1| as printed at rest", inhomogeneity, 4)
            .verdict(
                Verdict::of(inhomogeneity < 1e-12),
                "No linearisation has them: the rest of order zero is the equation of the mean. They do not vanish where nothing is, and F2 has g_1. \
                 The paper leaves them out, and so does this audit",
            ),
        Claim::new("d20-diffusion", "Eq. (20)", "D = diag(V, V1, V2, V2)", "D = diag [V, V1, V2, V2]")
            .values("variances of alpha_1 and alpha_2 by Eq. (12) at a point, over n_m + 1/2", &[first, second], 6)
            .values("diagonal of D as used here", &diagonal, 6)
            .verdict(
                Verdict::of((first - second).abs() > 1e-12),
                "A misprint: V stands nowhere else, and both quadratures of a mode have V1",
            ),
    ])
}
