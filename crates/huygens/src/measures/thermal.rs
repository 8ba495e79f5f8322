//! The cost of a state that thermal baths keep: see [`crate::costs`] for the derivation.

use super::{Argument, Average, Collective, Definition, Evaluate, GAUSSIAN, Moments, Signature};
use crate::costs::{self, Contact};

/// Wigner entropy production.
pub(super) const ENTROPY_PRODUCTION: Definition = Definition {
    name: "entropy_production",
    signature: Signature::None,
    formula: "Π = Σ_b [2 tr(A_bᵀ D_b⁻¹ A_b ⟨r rᵀ⟩) + 2 tr A_b + ½ tr(V⁻¹ D_b)] over the thermal contacts b; ⟨r rᵀ⟩ = V + r̄ r̄ᵀ",
    range: "[0, ∞); 0 in equilibrium",
    unit: "nats/time",
    levels: GAUSSIAN,
    source: "Santos, Landi and Paternostro, PRL 118, 220601 (2017); Brunelli et al., PRL 121, 160604 (2018)",
    collective: Collective::Diffused,
    average: Average::Mean,
    evaluate: Evaluate::Thermal(production),
};

/// Wigner entropy flux into the baths.
pub(super) const ENTROPY_FLUX: Definition = Definition {
    name: "entropy_flux",
    signature: Signature::OptionalMode,
    formula: "Φ = Σ_b γ_b [(⟨a†a⟩ + ½)/(n̄_b + ½) − 1] over the thermal contacts b of the mode; into the baths is positive",
    range: "real",
    unit: "nats/time",
    levels: GAUSSIAN,
    source: "Santos, Landi and Paternostro, PRL 118, 220601 (2017); Brunelli et al., PRL 121, 160604 (2018)",
    collective: Collective::Removed,
    average: Average::Mean,
    evaluate: Evaluate::Thermal(flux),
};

fn production(state: &dyn Moments, contacts: &[Contact], _: &[Argument]) -> Result<f64, String> {
    costs::entropy_production(state, contacts).map_err(|error| error.to_string())
}

fn flux(state: &dyn Moments, contacts: &[Contact], arguments: &[Argument]) -> Result<f64, String> {
    let Some(argument) = arguments.first() else {
        return costs::entropy_flux(state, contacts).map_err(|error| error.to_string());
    };
    let mut of_mode = contacts.iter().filter(|c| c.mode == argument.mode()).peekable();
    if of_mode.peek().is_none() {
        return Err("no thermal bath on this mode: nothing takes entropy from it".to_owned());
    }
    of_mode.map(|contact| contact.entropy_flux(state)).sum::<Result<f64, _>>().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use crate::costs::Contact;
    use crate::measures::testing::coherent;
    use crate::measures::{Evaluate, Snapshot, resolve};
    use huygens_numerics::c64;

    fn ask(text: &str, state: &Snapshot, contacts: &[Contact]) -> Result<f64, String> {
        let names = ["a", "b"].map(String::from);
        let request = resolve(text, &names, &[]).unwrap();
        assert_eq!(request.of(state), None);
        let Evaluate::Thermal(f) = request.definition.evaluate else { panic!("{text} needs contacts") };
        f(state, contacts, &request.arguments)
    }

    #[test]
    fn flux_by_mode_and_in_all() {
        let state = coherent(&[c64::new(2.0, 0.0), c64::new(0.0, 1.0)]);
        let contacts = [Contact::thermal(0, 3.0, 0.0, "cold"), Contact::thermal(0, 1.0, 0.5, "warm")];
        // γ[(|α|² + ½)/(n̄ + ½) − 1] each.
        let (cold, warm) = (3.0 * 8.0, 3.5);
        assert_eq!(ask("entropy_flux(a)", &state, &contacts), Ok(cold + warm));
        assert_eq!(ask("entropy_flux", &state, &contacts), Ok(cold + warm));
        // V⁻¹ = 2: dS/dt = Σ [γ(n̄ + ½)·2 − γ].
        assert_eq!(ask("entropy_production", &state, &contacts), Ok(cold + warm + 1.0));
        assert!(ask("entropy_flux(b)", &state, &contacts).unwrap_err().contains("no thermal bath"));
        assert!(ask("entropy_production", &state, &[]).unwrap_err().contains("no thermal contact"));
    }
}
