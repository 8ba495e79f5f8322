//! Quantum correlations and temperature: discord and negativity of Fig. 2b, the bath of Fig. 2c.

use huygens_numerics::roots::brent;

use super::super::laboratory::{
    Bench, DISCORD, DISCORD_OTHER, NEGATIVITY, SC, SP, extremes, geometric, grid, trouble, value,
};
use super::super::states::{Random, measured};
use crate::papers::{Claim, PaperError, Verdict, Watch};

pub(in super::super) const IDS: &[&str] = &["discord", "discord-relation", "negativity", "negativity-beyond"];
pub(in super::super) const BATH_IDS: &[&str] = &["fig2c"];

pub(in super::super) fn audit(watch: &Watch<'_>) -> Result<Vec<Claim>, PaperError> {
    let bench = Bench::pair(&[SC, DISCORD, DISCORD_OTHER, NEGATIVITY])?;
    let mut mus = vec![0.002, 0.003, 0.005, 0.0075];
    mus.extend(grid(0.01, 0.0775, 28));
    let reports = watch.each(&mus, |mu| bench.run(&[("mu", *mu)]))?;
    let column = |name: &str| reports.iter().map(|r| value(r, name)).collect::<Result<Vec<f64>, _>>();
    let (sync, discord, other) = (column(SC)?, column(DISCORD)?, column(DISCORD_OTHER)?);
    let least = discord.iter().chain(&other).copied().fold(f64::INFINITY, f64::min);
    let best = (0..mus.len()).max_by(|a, b| discord[*a].total_cmp(&discord[*b])).unwrap_or(0);
    let mut entangled: f64 = 0.0;
    for report in &reports {
        entangled = entangled.max(extremes(report, NEGATIVITY)?.1);
    }
    watch.go_on()?;
    let caption = bench.run(&[])?;
    let free = Bench::pair_window(&[DISCORD], 100.0, 101.0, 32)?.run(&[("mu", 0.0)])?;
    // Any correlated Gaussian state has discord.
    let mut random = Random::new(37);
    let mut smallest = f64::INFINITY;
    let mut correlated = 0;
    while correlated < 2000 {
        let state = random.physical();
        if measured("mutual_information(b1,b2)", &state)? > 1e-2 {
            smallest = smallest.min(measured("discord(b1,b2)", &state)?);
            correlated += 1;
        }
    }
    // Two couplings with equal S_c: as many as the curve has on both sides of its maximum.
    let low = mus.iter().position(|mu| *mu >= 0.0075).unwrap_or(0);
    let high = (low + 1..mus.len() - 1)
        .find(|&k| sync[k] >= sync[low] && sync[k + 1] < sync[low] && mus[k] > 0.02)
        .ok_or_else(|| trouble("discord-relation", "S_c does not return to its value at mu = 0.0075"))?;
    let back = {
        let bench = Bench::pair(&[SC])?;
        let f = |mu: f64| bench.run(&[("mu", mu)]).and_then(|r| value(&r, SC)).unwrap_or(f64::NAN) - sync[low];
        brent(f, mus[high], mus[high + 1], 1e-9).map_err(|e| trouble("discord-relation", e.to_string()))?
    };
    let twin = bench.run(&[("mu", back)])?;
    let beyond = watch.each(&[0.17, 0.195, 0.2], |mu| bench.run(&[("mu", *mu)]))?;
    let means: Vec<f64> = beyond.iter().map(|r| value(r, NEGATIVITY)).collect::<Result<_, _>>()?;
    let largest: Vec<f64> = beyond.iter().map(|r| extremes(r, NEGATIVITY).map(|e| e.1)).collect::<Result<_, _>>()?;
    let direct = Bench::pair_window(&[NEGATIVITY], 150.0, 200.0, 32)?.run(&[("mu", 0.195)])?;
    Ok(vec![
        Claim::new(
            "discord",
            "Fig. 2b",
            "The mechanical modes have Gaussian discord wherever they are synchronised",
            "\"a nonzero level of Gaussian quantum discord ... is observed for all values of mu that lead to synchronization\"",
        )
        .value_in("D at mu = 0.02, second mode measured", value(&caption, DISCORD)?, 3, "nats")
        .value_in("first mode measured", value(&caption, DISCORD_OTHER)?, 3, "nats")
        .value("smallest for mu from 0.002 to 0.0775", least, 2)
        .value("largest", discord[best], 3)
        .value("at mu", mus[best], 2)
        .value("without coupling", value(&free, DISCORD)?, 2)
        .value("smallest of 2000 random states with a mutual information above 0.01", smallest, 2)
        .verdict(
            Verdict::of(least > 0.0),
            "True, and no sign of synchronization: every correlated Gaussian state has discord. The collective phase is taken as diffused; the text gives neither logarithm nor measured mode",
        ),
        Claim::new(
            "discord-relation",
            "text at Fig. 2b",
            "No functional relation between discord and synchronization is seen",
            "\"our data are not sufficient to clarify the functional relationship between discord and synchronization (if it exists)\"",
        )
        .value("S_c at mu = 0.0075", sync[low], 5)
        .value("D there", discord[low], 3)
        .value("mu with the same S_c", back, 5)
        .value("S_c at that mu", value(&twin, SC)?, 5)
        .value("D at that mu", value(&twin, DISCORD)?, 3)
        .verdict(
            Verdict::of((value(&twin, DISCORD)? / discord[low] - 1.0).abs() > 0.1),
            "D is no function of S_c: two couplings with equal S_c have different D",
        ),
        Claim::new(
            "negativity",
            "text at Fig. 2b",
            "The mechanical modes are not entangled in the range of Fig. 2b",
            "\"for many choices of the parameters entanglement negativity is always zero even though synchronization is reached\"",
        )
        .value("largest E_N for mu from 0.002 to 0.0775", entangled, 3)
        .value("largest E_N at mu = 0.17", largest[0], 3)
        .verdict(Verdict::of(entangled == 0.0), "Zero at all sampled couplings"),
        Claim::new(
            "negativity-beyond",
            "text at Fig. 2b",
            "Negativity is always zero",
            "\"for many choices of the parameters entanglement negativity is always zero\"",
        )
        .value_in("largest E_N in a period at mu = 0.195", largest[1], 3, "nats")
        .value_in("its mean", means[1], 3, "nats")
        .value_in("largest at mu = 0.2", largest[2], 3, "nats")
        .value_in("mean at mu = 0.2", means[2], 3, "nats")
        .value_in("largest over 150-200 tau from rest at mu = 0.195", extremes(&direct, NEGATIVITY)?.1, 3, "nats")
        .verdict(
            if largest[1] == 0.0 && largest[2] == 0.0 { Verdict::Holds } else { Verdict::Conditional },
            "Many choices, not all: the synchronised clocks are entangled at stronger coupling than the paper's",
        ),
    ])
}

pub(in super::super) fn bath(watch: &Watch<'_>) -> Result<Vec<Claim>, PaperError> {
    watch.go_on()?;
    let bench = Bench::pair(&[SC, SP])?;
    let at = |n: f64, name: &str| bench.run(&[("n_b", n)]).and_then(|r| value(&r, name));
    let mut occupations = vec![0.0];
    occupations.extend(geometric(0.1, 100.0, 13));
    let both = watch.each(&occupations, |n| {
        let report = bench.run(&[("n_b", *n)])?;
        Ok([value(&report, SC)?, value(&report, SP)?])
    })?;
    let falling = both.windows(2).all(|w| w[1][0] < w[0][0] && w[1][1] < w[0][1]);
    let half = |name: &str| -> Result<f64, PaperError> {
        let cold = at(0.0, name)?;
        brent(|n| at(n, name).unwrap_or(f64::NAN) - 0.5 * cold, 0.0, 50.0, 1e-8)
            .map_err(|e| trouble("fig2c", e.to_string()))
    };
    let warm = bench.run(&[("n_b", 10.0)])?;
    Ok(vec![
        Claim::new("fig2c", "Fig. 2c", "Synchronization falls with the occupation of the baths", "curves of Fig. 2c")
            .value("S_c halved at n_b", half(SC)?, 3)
            .value("S_p halved at n_b", half(SP)?, 3)
            .value("S_c at n_b = 10", value(&warm, SC)?, 10)
            .value("S_p at n_b = 10", value(&warm, SP)?, 10)
            .verdict(Verdict::of(falling), "Monotonic from 0 to 100; the covariance is affine in n_b"),
    ])
}
