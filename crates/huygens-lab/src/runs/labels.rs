//! Names as physicists write them: labels of figures.

use huygens::algebra::{Names, ParamId};
use huygens::measures::{Argument, Quadrature, Request};

/// The name of a parameter or mode between dollar signs, for [`figures`](crate::figures): `Delta1` → `$\Delta_1$`.
pub fn name_label(name: &str) -> String {
    format!("${}$", name_math(name))
}

/// The same without the dollar signs.
fn name_math(name: &str) -> String {
    Names::new(vec![name.to_owned()], Vec::new()).parameter_latex(ParamId(0))
}

/// A unit: `1/omega_1` → `$1/\omega_1$`; words stay words.
pub fn unit_label(unit: &str) -> String {
    if unit.is_empty() || unit == "1" {
        return String::new();
    }
    if matches!(unit, "nats" | "rad" | "time" | "nats/time" | "1/time") {
        return unit.to_owned();
    }
    let mut math = String::new();
    let mut word = String::new();
    for c in unit.chars().chain(['\0']) {
        if (c.is_alphanumeric() || c == '_') && !matches!(c, '²' | '³') {
            word.push(c);
            continue;
        }
        if !word.is_empty() {
            let number = word.chars().all(|c| c.is_ascii_digit());
            math.push_str(&match word.as_str() {
                "nats" => r"\mathrm{nats}".to_owned(),
                _ if number => word.clone(),
                _ => name_math(&word),
            });
            word.clear();
        }
        match c {
            '\0' => {}
            '*' => math.push_str(r"\,"),
            '²' => math.push_str("^2"),
            '³' => math.push_str("^3"),
            other => math.push(other),
        }
    }
    format!("${math}$")
}

/// The symbol of a measure, without its arguments.
fn symbol(name: &str) -> Option<&'static str> {
    Some(match name {
        "complete_sync" => "S_c",
        "complete_sync_absolute" => r"S_c^{\mathrm{abs}}",
        "phase_sync" => "S_p",
        "phi_sync" => r"S_\varphi",
        "phase_error" => r"\langle p_-'^2\rangle",
        "amplitude_error" => r"\langle q_-'^2\rangle",
        "phase_difference" => r"\Delta\phi",
        "radius" => "r",
        "order_parameter" => "R",
        "pearson" => "C",
        "sync_distance" => "D",
        "coherence" => r"|\rho|",
        "coherence_phase" => r"\mathrm{arg}(\rho)",
        "tick_deviation" => "D",
        "linewidth_narrow" => r"\gamma_+",
        "linewidth_wide" => r"\gamma_-",
        "linewidth_ratio" => r"\gamma_+/\gamma_-",
        "frequency_narrow" => r"\omega_+",
        "frequency_wide" => r"\omega_-",
        "normal_modes" => r"n_{\mathrm{modes}}",
        "dephasing" => r"\epsilon",
        "simulated_period" => "⟨t⟩",
        "simulated_accuracy" => "N",
        "simulated_deviation" | "simulated_interval_deviation" => "D",
        "tick_accuracy" => "N",
        "phase_accuracy" => r"N_\phi",
        "heat_flow" => "J",
        "power" => r"P_{\mathrm{drive}}",
        "transient_time" => r"t_{\mathrm{max}}",
        "transient_peak" => r"R_{\mathrm{max}}",
        "overshoot" => r"R_{\mathrm{max}} - R_\infty",
        "entropy_cost" => r"\Sigma",
        "excess_entropy" => r"\Sigma_{\mathrm{ex}}",
        "mutual_information" => "I",
        "discord" => r"D_{\mathrm{G}}",
        "log_negativity" => r"E_{\mathrm{N}}",
        "purity" => "P",
        "entropy" => "S",
        "min_symplectic" => r"\nu_{\mathrm{min}}",
        "n" => "n",
        "period" => "T",
        "multipliers" => r"|\rho|_{\mathrm{max}}",
        "lyapunov" => r"\lambda_{\mathrm{max}}",
        "phase_diffusion" => r"D_\phi",
        "entropy_production" => r"\Pi",
        "entropy_flux" => r"\Phi",
        "ergotropy_of_sync" => r"\chi",
        "relative_entropy_of_sync" => "L",
        "phase_coherence" => r"|\langle e^{i\phi}\rangle|",
        "phase_distribution" => r"P_{\mathrm{max}}",
        "relative_entropy_rate" => r"\mathrm{d}L/\mathrm{d}t",
        "speed_limit" => r"v_{\mathrm{max}}",
        "speed_limit_printed" => r"v_{\mathrm{printed}}",
        "speed_limit_tight" => r"v_{\mathrm{tight}}",
        "speed_limit_radicand" => r"\Delta_E^2\Delta_C^2 - |c|^2/4",
        "speed_limit_radicand_printed" => r"\Delta_E^2\Delta_C^2 - |c|^2/2",
        "spohn_entropy_production" => r"\sigma_0",
        "capacity_of_entanglement" => "E",
        "current" => "J",
        "current_noise" => r"\lambda''",
        "current_skewness" => r"\lambda'''",
        "tur" => r"\lambda''\sigma/J^2",
        "dissipation" => r"\sigma",
        "heat_current" => "J",
        "jx" => "\\langle J_x\\rangle",
        "jy" => "\\langle J_y\\rangle",
        "jz" => "\\langle J_z\\rangle",
        "spin_squeezing" => r"\xi^2",
        "spin_squeezing_variance" => r"\xi_S^2",
        "spin_phase_distribution" => r"P_{\mathrm{max}}",
        "spin_coherence" => r"|g^{(1)}|",
        "concurrence" => r"C_{\mathrm{W}}",
        "sync_entropy" => r"\Omega_S",
        "sync_bures" => r"\Omega_B",
        "spin_locking" => r"S_{\mathrm{max}}",
        "heat_noise" => "D_J",
        "heat_tur" => "Q_J",
        "spectrum" | "cross_spectrum" | "absorption" => r"\omega_{\mathrm{max}}",
        "power_dissipative" => "P^{(0)}",
        "power_exchange" => r"\delta P",
        "power_literal" => r"P_{\mathrm{literal}}",
        "power_noise" => "D_P",
        "power_tur" => "Q_P",
        "power_bound" => "V_P",
        "power_bound_total" => r"V_P^{\mathrm{total}}",
        "work_efficiency" => r"\eta",
        "alpha_adiabatic" => r"\alpha^{\mathrm{ad}}",
        "delta_alpha_adiabatic" => r"\delta\alpha^{\mathrm{ad}}",
        "alpha_diabatic" => r"\alpha^{\mathrm{dia}}",
        "delta_alpha_diabatic" => r"\delta\alpha^{\mathrm{dia}}",
        "tur_threshold" => r"\Omega_{Q=2}",
        "power_threshold" => r"\Omega_{P=0}",
        "response_poles" => r"n_{\mathrm{poles}}",
        "emission_frequency" => r"\omega_{\mathrm{em}}",
        "emission_linewidth" => r"\Delta\omega_{\mathrm{em}}",
        "g2" => r"g^{(2)}",
        "wigner_negativity" => r"\delta_W",
        "liouvillian_gap" => r"\gamma_{\mathrm{gap}}",
        "survival" => r"P_{\mathrm{kept}}",
        _ => return None,
    })
}

/// The label of a measure as it was asked: `complete_sync(b1,b2)` → `$S_c(b_1,b_2)$`.
pub fn measure_label(request: &Request, modes: &[String]) -> String {
    let Some(symbol) = symbol(request.definition.name) else {
        return request.text.clone();
    };
    if let Some(channel) = &request.channel {
        return format!("${symbol}$, {channel}");
    }
    if !request.text.contains('(') {
        return format!("${symbol}$");
    }
    let mode = |k: usize| name_math(modes.get(k).map_or("?", String::as_str));
    let mut arguments: Vec<String> = request
        .arguments
        .iter()
        .take(4)
        .map(|argument| match argument {
            Argument::Quadrature(k, Quadrature::Q) => format!("q_{{{}}}", mode(*k)),
            Argument::Quadrature(k, Quadrature::P) => format!("p_{{{}}}", mode(*k)),
            Argument::Quadrature(k, Quadrature::Jx) => format!("J_{{{},x}}", mode(*k)),
            Argument::Quadrature(k, Quadrature::Jy) => format!("J_{{{},y}}", mode(*k)),
            Argument::Quadrature(k, Quadrature::Jz) => format!("J_{{{},z}}", mode(*k)),
            other => mode(other.mode()),
        })
        .collect();
    if request.arguments.len() > 4 {
        arguments.push("…".into());
    }
    format!("${symbol}({})$", arguments.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use huygens::measures::resolve;

    #[test]
    fn names_and_units_become_mathematics() {
        assert_eq!(name_label("Delta1"), r"$\Delta_1$");
        assert_eq!(unit_label("1/omega_1"), r"$1/\omega_1$");
        assert_eq!(unit_label("1"), "");
        assert_eq!(unit_label("nats"), "nats");
        assert_eq!(unit_label("omega_A²"), r"$\omega_A^2$");
    }

    #[test]
    fn measures_get_their_symbol() {
        let modes: Vec<String> = ["b1", "b2"].into_iter().map(String::from).collect();
        let label = |text: &str| measure_label(&resolve(text, &modes, &[0, 1]).unwrap(), &modes);
        assert_eq!(label("complete_sync(b1, b2)"), "$S_c(b_1,b_2)$");
        assert_eq!(label("order_parameter"), "$R$");
        assert_eq!(label("pearson(q(b1),p(b2))"), "$C(q_{b_1},p_{b_2})$");
    }

    #[test]
    fn every_measure_has_a_symbol() {
        let without: Vec<_> =
            huygens::measures::registry().iter().map(|d| d.name).filter(|n| symbol(n).is_none()).collect();
        assert!(without.len() <= 1, "{without:?}");
    }
}
