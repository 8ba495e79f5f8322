//! Figs. 7, 8 and 9: oscillator B, the efficiency, weak damping.

use super::super::laboratory::{A, B, Machine, Map, SCAN};
use crate::papers::{Claim, PaperError, Verdict, Watch};

pub(in super::super) const IDS: &[&str] =
    &["fig7", "fig7-input", "work-to-work", "fig8a", "fig8a-weak", "fig8b", "fig9", "fig9-slow", "unstated"];

const T: f64 = 0.1;

pub(in super::super) fn audit(watch: &Watch<'_>) -> Result<Vec<Claim>, PaperError> {
    watch.go_on()?;
    let machine = Machine::new()?;
    let large = machine.with(&[("omega_c", 1000.0)]);
    let weak = machine.with(&[("gamma2", 0.01), ("gamma1", 0.001)]);
    let maps = [Map::new(&machine, 0.0, SCAN, watch)?, Map::new(&large, 0.0, SCAN, watch)?];
    let faint = Map::new(&weak, 0.0, SCAN, watch)?;
    let least = |map: &Map, from: f64, to: f64| map.least(|w, _, c| (w > from && w < to).then_some(c.uncertainty[1]));
    let (slow, fast) = (least(&maps[0], 0.0, 1.0), least(&maps[0], 10.0, 1e3 + 1.0));
    let (slow_large, fast_large) = (least(&maps[1], 0.0, 1.0), least(&maps[1], 10.0, 1e3 + 1.0));
    let input =
        maps.iter().map(|m| m.least(|_, _, c| (c.uncertainty[1] < 2.0).then_some(c.power[1]))).collect::<Vec<_>>();
    let anywhere = maps.iter().map(|m| m.least(|_, _, c| Some(c.power[1]))).fold(f64::INFINITY, f64::min);
    let worst = maps
        .iter()
        .map(|m| m.least(|_, _, c| (c.power[0] < 0.0).then(|| 1.0 + c.power[0] / c.power[1])))
        .fold(f64::INFINITY, f64::min);
    let total = maps.iter().map(|m| m.least(|_, _, c| Some(c.power[0] + c.power[1]))).fold(f64::INFINITY, f64::min);
    watch.go_on()?;
    let eta = |machine: &Machine, omega: f64| -> Result<f64, PaperError> {
        let run = machine.isothermal(omega, T).lowest()?;
        Ok(-run.power_of(A) / run.power_of(B))
    };
    let rise = [100.0, 200.0, 1000.0].map(|w| eta(&machine, w)).into_iter().collect::<Result<Vec<_>, _>>()?;
    let faint_eta = [0.1, 0.3, 10.0, 1000.0].map(|w| eta(&weak, w)).into_iter().collect::<Result<Vec<_>, _>>()?;
    let exponents = [0.25, 0.5, 0.75, 1.0, 1.5];
    let of = |omega: f64| {
        exponents.map(|r| eta(&machine.with(&[("r", r)]), omega)).into_iter().collect::<Result<Vec<_>, _>>()
    };
    let (shaped, later) = (of(200.0)?, of(1e5)?);
    let high = faint.least(|w, _, c| (w > 3.0).then_some(c.uncertainty[0]));
    let corner = |of: fn(f64, f64) -> f64| {
        faint.points().filter(|(_, _, c)| c.uncertainty[0] < 2.0).map(|(w, t, _)| of(w, t)).fold(0.0, f64::max)
    };
    let edges = [corner(|w, _| w), corner(|_, t| t)];
    let power = faint.points().filter(|(w, _, c)| *w < 3.0 && c.uncertainty[0] < 2.0).map(|(_, _, c)| c.power[0]);
    let power = power.fold(f64::INFINITY, f64::min);
    Ok(vec![
        Claim::new(
            "fig7",
            "Fig. 7, appendix E",
            "Q of B is below 2 for slow and for fast drives as well",
            "\"both in the adiabatic and diabatic regime\"",
        )
        .values("least Q_B for Omega < 1 at omega_c = 1.2, 1000", &[slow, slow_large], 3)
        .values("for Omega from 10 to 1e3", &[fast, fast_large], 3)
        .verdict(
            Verdict::with_condition(slow < 2.0 && fast < 2.0),
            "For fast drives with the small cut-off; in the lowest order",
        ),
        Claim::new(
            "fig7-input",
            "Fig. 7, appendix E",
            "These violations always have P_B > 0",
            "\"always correspond a positive P_B > 0\"",
        )
        .values("least P_B where Q_B < 2, at omega_c = 1.2, 1000", &input, 3)
        .value("least P_B anywhere on the maps", anywhere, 2)
        .verdict(Verdict::of(input.iter().all(|p| *p > 0.0)), ""),
        Claim::new(
            "work-to-work",
            "text on Eq. 20",
            "At one temperature the total power is positive and eta at most 1",
            "\"The total power remains positive\"",
        )
        .value("least P_A + P_B on the maps of Fig. 3", total, 2)
        .value("least 1 - eta where P_A < 0", worst, 3)
        .verdict(Verdict::of(total > 0.0 && worst > 0.0), "The second law"),
        Claim::new(
            "fig8a",
            "Fig. 8a",
            "At strong damping eta comes close to 1 for fast drives",
            "\"optimal efficiency close to unity\"",
        )
        .values("eta at Omega = 100, 200, 1000", &rise, 4)
        .verdict(Verdict::of(rise[2] > 0.99 && rise[0] < rise[1]), ""),
        Claim::new("fig8a-weak", "Fig. 8a", "At weak damping it does not", "Fig. 8a")
            .values("-P_A/P_B at gamma2 = 0.01, Omega = 0.1, 0.3, 10, 1000", &faint_eta, 3)
            .verdict(
                Verdict::of(faint_eta[2..].iter().all(|e| *e < 0.9)),
                "Where it is negative both drives put work in",
            ),
        Claim::new(
            "fig8b",
            "Fig. 8b, Eq. F2",
            "For r > 1 the efficiency vanishes for fast drives, for 0 <= r < 1 it is high",
            "\"for r > 1 [...] tends to vanish\"",
        )
        .values("eta at Omega = 200, r = 1/4, 1/2, 3/4, 1, 3/2", &shaped, 3)
        .values("eta at Omega = 1e5", &later, 3)
        .verdict(
            Verdict::of(later[..3].iter().zip(&shaped).all(|(a, b)| a > b) && later[4] < 0.01),
            "At r = 1 it tends to a constant in between. High only slowly: 1 - eta falls as Omega^(r-1)",
        ),
        Claim::new(
            "fig9",
            "Fig. 9, appendix G",
            "At weak damping fast drives do not violate the bound",
            "\"no TUR violation with sizeable power (in the diabatic regime) can be achieved\"",
        )
        .value("least Q for Omega from 3 to 1e3", high, 3)
        .verdict(
            Verdict::with_condition(high > 2.0),
            "On any axis that one would draw; Q = 2 is passed at Omega = 1e6 (claim `synchronization-needed`)",
        ),
        Claim::new(
            "fig9-slow",
            "Fig. 9, appendix G",
            "It is violated at low frequency and temperature only",
            "\"left bottom corner of the plot\"",
        )
        .values("violations up to Omega, up to T", &edges, 3)
        .value("most negative P_A there", power, 2)
        .verdict(Verdict::of(edges[0] < 1.0 && edges[1] < 1.0), ""),
        Claim::new(
            "unstated",
            "Figs. 2 to 10",
            "Axes and colours of the figures, the mean temperatures of Fig. 10, the dampings of Figs. 2b and 4",
            "in the pictures, which were not available",
        )
        .found("figures are compared by what text and captions say of them")
        .verdict(
            Verdict::NotTestable,
            "Ours: Omega from 1e-2 to 1e3, T from 0.01 to 2, mean T = 0.05 to 2, gamma2 = 0.01 to 1000",
        ),
    ])
}
