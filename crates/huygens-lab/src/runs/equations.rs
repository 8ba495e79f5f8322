//! The equations of a model, as a physicist writes them.

use std::fmt::Write as _;

use huygens::algebra::{Generator, ModeId, Names, Operator, Polynomial, Scalar, commutator, heisenberg};
use huygens::experiment::Level;
use huygens::levels::equations::{Entry, Equations, member_motion};
use huygens::levels::stochastic::langevin::{Langevin, Ordering};
use huygens::model::{Model, SpectralDensity};

/// How equations are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Notation {
    /// Text that a model file can take back.
    #[default]
    Text,
    /// LaTeX, to be pasted: `align` environments.
    Latex,
}

/// Modes whose equations are written unless all are asked for.
const SHOWN: usize = 12;

/// The derived equations of a model.
///
/// At the mean-field level: H and ż = f(z, z*), of spins with ⟨J₋⟩ and ⟨J_z⟩. At the gaussian level also the quantum Langevin equations
/// da/dt = i\[H, a\] + Σ(L†\[a, L\] + \[L†, a\]L)/2 + noise that they come from, the drift of the fluctuations, δż = A δz + B δz*, and the
/// diffusion matrix of the symmetrised covariances. Models of more than a dozen modes show the first ones unless `all`.
pub fn equations(model: &Model, level: Level, notation: Notation, all: bool) -> String {
    let names = model.names();
    let derived = Equations::derive(model);
    let shown = if all { model.len() } else { model.len().min(SHOWN) };
    let writer = Writer { model, names: &names, notation };
    let mut out = String::new();
    writer.heading(&mut out, &format!("{}: {}", model.name, one_sentence(&model.description)));
    let written = model.motion.is_some();
    let operators = !written || !model.hamiltonian.is_zero() || !model.jumps.is_empty();
    if operators {
        writer.section(&mut out, "Hamiltonian", &[writer.line("H", &writer.operator(&model.hamiltonian, None))]);
    }
    if !model.antihermitian.is_zero() {
        let line = writer.line("H_c", &writer.operator(&model.antihermitian, None));
        writer.section(&mut out, "Anti-Hermitian part, {H_c, ρ} − 2⟨H_c⟩ρ", &[line]);
    }
    for step in &model.applied {
        let rest = &step.neglected;
        let rest = if rest.is_zero() { String::new() } else { format!(": {}", writer.operator(rest, None)) };
        writer.remark(&mut out, &format!("After {}. Neglected: {}{rest}", step.text, step.note));
    }
    let jumps: Vec<String> = writer.jumps(shown);
    if !jumps.is_empty() {
        writer.section(&mut out, "Jump operators (energy rates), D[L]ρ = LρL† − ½{L†L, ρ}", &jumps);
    }
    if model.post_selects() {
        writer.remark(
            &mut out,
            "A jump L after which a part q of the runs is kept, qLρL† − ½{L†L, ρ}, is written as √q L, with −½(1 − q) L†L in H_c.",
        );
    }
    if !model.structured.is_empty() {
        writer.structured(&mut out, shown);
        return out;
    }
    let weighed = !model.antihermitian.is_zero();
    let spins = model.first_spin().is_some();
    let unsampled = model.first_ensemble().is_some() && level == Level::Stochastic;
    if spins && (matches!(level, Level::Fock | Level::OptimalPath | Level::Response) || weighed || unsampled) {
        if !weighed {
            writer.heisenberg(&mut out, shown);
        }
        let gain = if weighed { " + {H_c, ρ} − 2⟨H_c⟩ρ" } else { "" };
        writer.remark(&mut out, &format!("Master equation: dρ/dt = −i[H, ρ]{gain} + Σ_j D[L_j]ρ."));
        return out;
    }
    if (written || model.follows_mean()) && !matches!(level, Level::MeanField | Level::Gaussian) {
        let what = if written { "equations of motion" } else { "coefficients that follow the mean field" };
        writer.remark(&mut out, &format!("A model with {what}: its levels are mean_field and gaussian."));
        return out;
    }
    if matches!(level, Level::Fock | Level::OptimalPath) || weighed && level == Level::Gaussian {
        let gain = if weighed { " + {H_c, ρ} − 2⟨H_c⟩ρ" } else { "" };
        writer.remark(&mut out, &format!("Master equation: dρ/dt = −i[H, ρ]{gain} + Σ_j D[L_j]ρ."));
        if weighed {
            writer.remark(
                &mut out,
                "The anti-Hermitian part weighs the whole state: no equation of the means alone follows. Run it with --level fock (gaussian where it is quadratic, optimal_path where many quanta follow), or see its classical limit with --level mean_field or stochastic.",
            );
        }
        return out;
    }
    let variables: Vec<usize> =
        (0..shown).chain(derived.spins.iter().filter(|s| s.mode < shown).map(|s| s.z)).collect();
    if level == Level::Gaussian && spins {
        writer.heisenberg(&mut out, shown);
    } else if level == Level::Gaussian && operators {
        let lines: Vec<String> = (0..shown).map(|k| writer.langevin(k)).collect();
        let title = match written {
            true => "Quantum Langevin equations of H and the jumps alone",
            false => "Quantum Langevin equations",
        };
        writer.section(&mut out, title, &lines);
        writer.remark(&mut out, &writer.noise_remark());
    }
    let ordering = if weighed { Ordering::Classical } else { Ordering::Wigner };
    let langevin = (level == Level::Stochastic).then(|| Langevin::derive(model, ordering));
    let (flow, title) = match &langevin {
        Some(langevin) if weighed => {
            (&langevin.stratonovich, "Classical Langevin equations: drift, in the sense of Stratonovich")
        }
        Some(langevin) if spins => (
            &langevin.ito,
            "Truncated Wigner: drift of the Langevin equations, symmetric order (<J> are the sampled vectors), in the sense of Itô",
        ),
        Some(langevin) => {
            (&langevin.ito, "Truncated Wigner: drift of the Langevin equations, Weyl order, in the sense of Itô")
        }
        None if spins => {
            (&derived.flow, "Mean field: coherent states of the bosons, each spin as 2j spins 1/2 in one state")
        }
        None if !operators => (&derived.flow, "Mean field, ⟨a⟩ for each mode, as written"),
        None => (&derived.flow, "Mean field, ⟨a⟩ for each mode (normal ordering, coherent-state substitution)"),
    };
    let lines: Vec<String> = variables
        .iter()
        .map(|&k| {
            let about = (k < model.len() && model.spins()[k].is_none()).then_some(ModeId(k as u32));
            writer.line(&writer.dot_amplitude(k), &writer.polynomial(&flow[k], about))
        })
        .collect();
    writer.section(&mut out, title, &lines);
    if let Some(langevin) = &langevin {
        for text in &langevin.neglected {
            writer.remark(&mut out, &format!("Left out: {text}."));
        }
    }
    if level == Level::Gaussian {
        let lines: Vec<String> = variables.iter().map(|&k| writer.fluctuation(k, &derived)).collect();
        let title = if derived.linear() {
            "Fluctuations (exact: the model is linear)"
        } else if derived.given {
            "Fluctuations (drift: as it is given)"
        } else if derived.of_mean_field().is_some() {
            "Fluctuations (drift: the exact Jacobian of the mean field with mean(…) held fixed)"
        } else {
            "Fluctuations (drift: the exact Jacobian of the mean field)"
        };
        writer.section(&mut out, title, &lines);
    }
    if weighed {
        let weight = match level {
            Level::Stochastic => {
                "Each trajectory has the weight exp(2∫(H_c − ⟨H_c⟩)dt), H_c its normal symbol (--weights)."
            }
            _ => {
                "A state that is spread is weighed by 2(H_c − ⟨H_c⟩) as well, which a point in phase space does not see."
            }
        };
        writer.remark(&mut out, weight);
    }
    if level != Level::MeanField && !weighed {
        let mut lines = Vec::new();
        for (entries, conj) in [(&derived.diffusion, true), (&derived.diffusion_anomalous, false)] {
            for entry in entries {
                let seen = variables.contains(&entry.row) && variables.contains(&entry.column);
                // ⟨J_z⟩ is real: its diffusion with others is written once.
                let twice = conj && derived.spins.iter().any(|s| s.z == entry.row || s.z == entry.column);
                if entry.row > entry.column || !seen || twice {
                    continue;
                }
                lines.push(writer.diffusion(entry, conj));
            }
        }
        if lines.is_empty() {
            writer.remark(&mut out, "The model has no noise.");
        } else {
            writer.section(
                &mut out,
                "Diffusion of the symmetrised covariances, d/dt ½⟨{δx, δy}⟩ = … + D(x, y)",
                &lines,
            );
        }
    }
    if shown < model.len() {
        writer
            .remark(&mut out, &format!("The first {shown} of {} modes are shown; --all shows every one.", model.len()));
    }
    out
}

fn one_sentence(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.split_once(". ") {
        Some((first, _)) => format!("{first}."),
        None => text,
    }
}

/// Whether the text is one pair of brackets with all the rest inside.
fn one_bracket(text: &str) -> bool {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 && at + 1 < text.len() {
            return false;
        }
    }
    depth == 0 && text.starts_with('(')
}

struct Writer<'a> {
    model: &'a Model,
    names: &'a Names,
    notation: Notation,
}

impl Writer<'_> {
    fn latex(&self) -> bool {
        self.notation == Notation::Latex
    }

    fn operator(&self, x: &Operator, about: Option<ModeId>) -> String {
        match (self.latex(), about) {
            (false, None) => x.text(self.names),
            (false, Some(mode)) => x.text_about(self.names, mode),
            (true, None) => x.latex(self.names),
            (true, Some(mode)) => x.latex_about(self.names, mode),
        }
    }

    fn polynomial(&self, x: &Polynomial, about: Option<ModeId>) -> String {
        match (self.latex(), about) {
            (false, None) => x.text(self.names),
            (false, Some(mode)) => x.text_about(self.names, mode),
            (true, None) => x.latex(self.names),
            (true, Some(mode)) => x.latex_about(self.names, mode),
        }
    }

    fn scalar(&self, x: &Scalar) -> String {
        if self.latex() { x.latex(self.names) } else { x.text(self.names) }
    }

    fn mode(&self, mode: ModeId) -> String {
        if self.latex() { self.names.mode_latex(mode) } else { self.names.mode(mode) }
    }

    /// The operator of a variable: a of a boson, J₋ or J_z of a spin, or its adjoint.
    fn variable(&self, k: usize) -> Operator {
        let spins = self.model.spins();
        match spins.get(k) {
            Some(None) => Operator::annihilation(ModeId(k as u32)),
            Some(Some(_)) => Operator::lowering(ModeId(k as u32)),
            None => {
                let mode = spins.iter().enumerate().filter(|(_, s)| s.is_some()).nth(k - spins.len());
                Operator::spin_z(ModeId(mode.map_or(0, |(k, _)| k as u32)))
            }
        }
    }

    fn is_boson(&self, k: usize) -> bool {
        self.model.spins().get(k).is_some_and(Option::is_none)
    }

    /// The mean of a variable, or its conjugate.
    fn mean(&self, k: usize, conj: bool) -> String {
        let mode = ModeId(k as u32);
        let name = match (self.is_boson(k), self.latex()) {
            (true, true) => self.names.amplitude_latex(mode),
            (true, false) => self.names.amplitude(mode),
            (false, _) => {
                let x = self.variable(k);
                return self.polynomial(&(if conj { x.adjoint() } else { x }).normal_symbol(), None);
            }
        };
        match (conj, self.latex()) {
            (true, true) => format!("{name}^*"),
            (true, false) => format!("{name}*"),
            (false, _) => name,
        }
    }

    fn dot_amplitude(&self, k: usize) -> String {
        match (self.is_boson(k), self.latex()) {
            (true, true) => self.names.amplitude_dot_latex(ModeId(k as u32)),
            (false, true) => format!("\\frac{{d}}{{dt}} {}", self.mean(k, false)),
            (_, false) => format!("d/dt {}", self.mean(k, false)),
        }
    }

    /// `left = right`, aligned in LaTeX.
    fn line(&self, left: &str, right: &str) -> String {
        if self.latex() { format!("{left} &= {right}") } else { format!("{left} = {right}") }
    }

    /// d⟨X⟩/dt = ⟨…⟩ of J₋ and J_z of the spins and of a of the bosons, by the adjoint generator: exact.
    fn heisenberg(&self, out: &mut String, shown: usize) {
        let shared = self.model.jumps.iter().filter(|jump| jump.members.is_none());
        let jumps: Vec<Operator> = shared.map(|jump| jump.operator.clone()).collect();
        let generator = Generator::new(&self.model.hamiltonian, &jumps);
        let mut lines = Vec::new();
        for (k, spin) in self.model.spins().into_iter().enumerate().take(shown) {
            let id = ModeId(k as u32);
            let of = match spin {
                Some(_) => vec![Operator::lowering(id), Operator::spin_z(id)],
                None => vec![Operator::annihilation(id)],
            };
            for x in of {
                let name = self.operator(&x, None);
                let left = if self.latex() { format!("\\dot{{{name}}}") } else { format!("d/dt {name}") };
                let motion = generator.apply(&x).add(&member_motion(self.model, &x));
                lines.push(self.line(&left, &self.operator(&motion, None)));
            }
        }
        self.section(out, "Heisenberg equations without their noise, exact in the mean", &lines);
    }

    fn heading(&self, out: &mut String, text: &str) {
        let _ = writeln!(out, "{}{text}", if self.latex() { "% " } else { "" });
    }

    fn section(&self, out: &mut String, title: &str, lines: &[String]) {
        if self.latex() {
            let _ = writeln!(out, "\n% {title}\n\\begin{{align}}\n  {}\n\\end{{align}}", lines.join(" \\\\\n  "));
        } else {
            let _ = writeln!(out, "\n{title}\n  {}", lines.join("\n  "));
        }
    }

    fn remark(&self, out: &mut String, text: &str) {
        for line in text.lines() {
            let _ = writeln!(out, "{}{line}", if self.latex() { "% " } else { "  " });
        }
    }

    /// Baths with spectral densities, and the Langevin equations with their forces.
    fn structured(&self, out: &mut String, shown: usize) {
        let label = |k: usize| if self.latex() { format!("_{{{}}}", k + 1) } else { format!("_{}", k + 1) };
        let mut couplings = Vec::new();
        let mut densities = Vec::new();
        for (k, bath) in self.model.structured.iter().enumerate() {
            couplings.push(self.line(&format!("S{}", label(k)), &self.operator(&bath.coupling, None)));
            let quantities: Vec<String> = std::iter::once(("temperature", &bath.temperature))
                .chain(bath.density.quantities().into_iter().map(|(word, placed, _)| (word, placed)))
                .map(|(word, placed)| format!("{word} {}", self.scalar(&placed.value)))
                .collect();
            let form = match (&bath.density, self.latex()) {
                (SpectralDensity::Ohmic { .. }, false) => "strength*omega",
                (SpectralDensity::Ohmic { .. }, true) => r"\gamma\omega",
                (SpectralDensity::Drude { .. }, false) => "strength*omega/(1 + (omega/cutoff)^2)",
                (SpectralDensity::Drude { .. }, true) => r"\gamma\omega/(1 + \omega^2/\omega_c^2)",
                (SpectralDensity::Exponential { .. }, false) => {
                    "strength*omega*(omega/cutoff)^(exponent - 1)*exp(-(omega/cutoff)^shape)"
                }
                (SpectralDensity::Exponential { .. }, true) => {
                    r"\gamma\omega(\omega/\omega_c)^{s-1} e^{-(\omega/\omega_c)^p}"
                }
                (SpectralDensity::Peak { .. }, false) => {
                    "strength*omega*frequency^4/((omega^2 - frequency^2)^2 + (width*omega)^2)"
                }
                (SpectralDensity::Peak { .. }, true) => {
                    r"\gamma\omega\omega_0^4/[(\omega^2 - \omega_0^2)^2 + \Gamma^2\omega^2]"
                }
                (SpectralDensity::Table { .. }, false) => {
                    "strength times straight lines between the points of the table"
                }
                (SpectralDensity::Table { .. }, true) => r"\text{straight lines between points}",
            };
            let name = if self.latex() { format!("J{}(\\omega)", label(k)) } else { format!("J{}(omega)", label(k)) };
            let details = format!("{}: {}", bath.label, quantities.join(", "));
            densities.push(if self.latex() {
                format!("{name} &= {form} \\qquad \\text{{{}}}", bath.label)
            } else {
                format!("{name} = {form}    ({details})")
            });
        }
        self.section(out, "Couplings to baths of oscillators, H_int = −S Σ_k c_k X_k + (μ/2) S²", &couplings);
        self.section(out, "Spectral densities", &densities);
        let lines: Vec<String> = (0..shown)
            .map(|k| {
                let mode = ModeId(k as u32);
                let a = Operator::annihilation(mode);
                let mut right = self.operator(&heisenberg(&self.model.hamiltonian, &[], &a), Some(mode));
                for (b, bath) in self.model.structured.iter().enumerate() {
                    // i[−S F, a] = −i[S, a] F
                    let force = commutator(&bath.coupling, &a).scale(&Scalar::i()).neg();
                    if !force.is_zero() {
                        let times = if self.latex() { " " } else { "*" };
                        let text = self.operator(&force, None);
                        right.push_str(&format!(" + ({text}){times}F{}", label(b)));
                    }
                }
                self.line(&self.dot_amplitude(k), &right)
            })
            .collect();
        self.section(out, "Quantum Langevin equations with memory", &lines);
        self.remark(
            out,
            "F = ξ + ζ∗S: the noise ξ of spectrum J coth(ω/2T), symmetrised, and the response ζ(ω) of the bath with its counter-term, Im ζ = J, ζ(0) = 0.",
        );
    }

    /// The jumps that are not those of a bath, and the baths.
    fn jumps(&self, shown: usize) -> Vec<String> {
        let own = |modes: &std::collections::BTreeSet<ModeId>| modes.iter().all(|m| (m.0 as usize) < shown);
        let mut lines = Vec::new();
        for bath in self.model.baths.iter().filter(|b| (b.mode.0 as usize) < shown) {
            let mode = self.mode(bath.mode);
            let (rate, occupation) = (self.scalar(&bath.rate), self.scalar(&bath.occupation));
            let mut line = if self.latex() {
                format!("\\text{{bath on }} {mode}&: \\quad \\text{{rate }} {rate}, \\quad \\bar{{n}} = {occupation}")
            } else {
                format!("bath on {mode}: rate {rate}, mean occupation {occupation}")
            };
            if !bath.momentum.is_zero() {
                let share = self.scalar(&bath.momentum);
                line.push_str(&if self.latex() {
                    format!(", \\quad \\text{{momentum share }} {share}")
                } else {
                    format!(", momentum share {share}")
                });
            }
            lines.push(line);
        }
        for (k, jump) in self.model.jumps.iter().filter(|j| j.bath.is_none()).enumerate() {
            let whole = jump.kept.as_ref().map_or(&jump.operator, |kept| &kept.whole);
            if own(&whole.modes()) {
                let name = if self.latex() { format!("L_{{{}}}", k + 1) } else { format!("L{}", k + 1) };
                let mut right = self.operator(&jump.operator, None);
                if let Some(ensemble) = jump.members {
                    let name = self.mode(ensemble);
                    right.push_str(&if self.latex() {
                        format!(" \\qquad \\text{{of each member of }} {name}")
                    } else {
                        format!("    (of each member of {name})")
                    });
                }
                if let Some(kept) = &jump.kept {
                    let (share, whole) = (self.scalar(&kept.share), self.operator(whole, None));
                    right.push_str(&if self.latex() {
                        format!(" \\qquad \\text{{kept }} {share} \\text{{ of }} {whole}")
                    } else {
                        format!("    (kept {share} of {whole})")
                    });
                }
                lines.push(self.line(&name, &right));
            }
        }
        lines
    }

    /// Jumps that belong to no bath, in their order.
    fn free_jumps(&self) -> impl Iterator<Item = &Operator> {
        self.model.jumps.iter().filter(|j| j.bath.is_none()).map(|j| &j.operator)
    }

    /// The Langevin equation of a mode: the adjoint Lindblad equation and the noise of each bath and jump.
    fn langevin(&self, k: usize) -> String {
        let mode = ModeId(k as u32);
        let a = Operator::annihilation(mode);
        let near: Vec<Operator> =
            self.model.jumps.iter().map(|j| j.operator.clone()).filter(|l| l.modes().contains(&mode)).collect();
        let drift = heisenberg(&self.model.generator(), &near, &a);
        let mut right = self.operator(&drift, Some(mode));
        let mut add = |coefficient: &Operator, noise: String| {
            if coefficient.is_zero() {
                return;
            }
            let text = self.operator(coefficient, None);
            let sum = coefficient.len() > 1 || coefficient.as_scalar().is_some_and(|s| s.len() > 1);
            let times = if self.latex() { " " } else { "*" };
            let (sign, text) = match text.strip_prefix('-') {
                Some(rest) if !sum => (" - ", rest.to_owned()),
                _ => (" + ", text),
            };
            right.push_str(sign);
            match text.as_str() {
                "1" => right.push_str(&noise),
                text if sum => right.push_str(&format!("({text}){times}{noise}")),
                text => right.push_str(&format!("{text}{times}{noise}")),
            }
        };
        for bath in self.model.baths.iter().filter(|b| b.mode == mode) {
            if let Ok(root) = bath.rate.sqrt() {
                add(&Operator::scalar(root), self.input(mode));
            }
        }
        for (index, jump) in self.free_jumps().enumerate() {
            if !jump.modes().contains(&mode) {
                continue;
            }
            // +[a, L†] ξ − [a, L] ξ†, the phase of ξ chosen so that a loss √γ a enters as +√γ ξ.
            add(&commutator(&a, &jump.adjoint()), self.noise(index, false));
            add(&commutator(&a, jump).neg(), self.noise(index, true));
        }
        let left =
            if self.latex() { self.names.mode_dot_latex(mode) } else { format!("d/dt {}", self.names.mode(mode)) };
        self.line(&left, &right)
    }

    /// The input noise of a bath on a mode.
    fn input(&self, mode: ModeId) -> String {
        let name = self.mode(mode);
        if !self.latex() {
            return format!("{name}_in");
        }
        // `b_1` → `b_{1}^{\mathrm{in}}`
        format!("{name}^{{\\mathrm{{in}}}}")
    }

    fn noise(&self, index: usize, adjoint: bool) -> String {
        match (self.latex(), adjoint) {
            (true, false) => format!("\\xi_{{{}}}", index + 1),
            (true, true) => format!("\\xi_{{{}}}^\\dagger", index + 1),
            (false, false) => format!("xi{}", index + 1),
            (false, true) => format!("dag(xi{})", index + 1),
        }
    }

    fn noise_remark(&self) -> String {
        let mut text = String::new();
        if !self.model.baths.is_empty() {
            text.push_str(if self.latex() {
                "input noise of a bath: <x^in(t) x^in(t')^dagger> = (nbar + 1) delta(t - t'), <x^in(t)^dagger x^in(t')> = nbar delta(t - t')"
            } else {
                "input noise of a bath: ⟨x_in(t) x_in(t')†⟩ = (n̄ + 1) δ(t − t'), ⟨x_in(t)† x_in(t')⟩ = n̄ δ(t − t')"
            });
        }
        if self.model.baths.iter().any(|b| !b.momentum.is_zero()) {
            text.push_str(
                "\nwith a momentum share s the noise of a bath on q is weaker by 1 - s, that on p stronger by 1 + s",
            );
        }
        if self.free_jumps().next().is_some() {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(if self.latex() {
                "noise of the jump L_k: <xi_k(t) xi_k(t')^dagger> = delta(t - t'), all other correlations vanish"
            } else {
                "noise of the jump Lk: ⟨xik(t) xik(t')†⟩ = δ(t − t'), all other correlations vanish"
            });
        }
        text
    }

    /// δż_k = Σ A_kl δz_l + B_kl δz_l*.
    fn fluctuation(&self, k: usize, derived: &Equations) -> String {
        let delta = |k: usize, conj: bool| match self.latex() {
            true => format!("\\delta {}", self.mean(k, conj)),
            false => format!("δ{}", self.mean(k, conj)),
        };
        let mut right = String::new();
        let rows = |entries: &[Entry]| entries.iter().filter(|e| e.row == k).cloned().collect::<Vec<_>>();
        let mut own_first = rows(&derived.drift);
        own_first.sort_by_key(|e| (e.column != k, e.column));
        for (entries, conj) in [(own_first, false), (rows(&derived.drift_conj), true)] {
            for entry in entries {
                let text = self.polynomial(&entry.polynomial, None);
                let sum = entry.polynomial.len() > 1 || entry.polynomial.iter().any(|(_, c)| c.len() > 1);
                let (negative, text, sum) = match text.strip_prefix('-') {
                    Some(rest) if !sum || one_bracket(rest) => (true, rest.to_owned(), false),
                    _ => (false, text, sum),
                };
                right.push_str(match (right.is_empty(), negative) {
                    (true, true) => "-",
                    (true, false) => "",
                    (false, true) => " - ",
                    (false, false) => " + ",
                });
                let noise = delta(entry.column, conj);
                right.push_str(&match (text.as_str(), sum, self.latex()) {
                    ("1", _, _) => noise,
                    (text, true, true) => format!("\\left({text}\\right) {noise}"),
                    (text, true, false) => format!("({text}) {noise}"),
                    (text, false, _) => format!("{text} {noise}"),
                });
            }
        }
        if right.is_empty() {
            right.push('0');
        }
        let left = match (self.latex(), self.is_boson(k)) {
            (true, true) => format!("\\delta {}", self.dot_amplitude(k)),
            (true, false) => format!("\\frac{{d}}{{dt}} \\delta {}", self.mean(k, false)),
            (false, _) => format!("d/dt δ{}", self.mean(k, false)),
        };
        self.line(&left, &right)
    }

    fn diffusion(&self, entry: &Entry, conj: bool) -> String {
        let name = |k: usize| self.operator(&self.variable(k), None);
        let (x, y) = (name(entry.row), name(entry.column));
        let value = self.polynomial(&entry.polynomial, None);
        let left = match (self.latex(), conj) {
            (_, true) if !self.is_boson(entry.column) => {
                format!("D({x}, {})", self.operator(&self.variable(entry.column).adjoint(), None))
            }
            (true, true) => format!("D({x}, {y}^\\dagger)"),
            (true, false) => format!("D({x}, {y})"),
            (false, true) => format!("D({x}, dag({y}))"),
            (false, false) => format!("D({x}, {y})"),
        };
        self.line(&left, &value)
    }
}
