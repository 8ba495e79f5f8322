//! Asynchrony of players that tick together: how far apart their ticks fall, who leads and who lags.
//!
//! R. A. Rasch, Acustica 43, 121 (1979); M. Clayton et al., *Interpersonal Entrainment in Music Performance*, Music Percept. 38, 136
//! (2020).

use huygens_numerics::linalg::{Lu, RMatrix};

use super::resample::correlation_time;
use super::ticks::Ticks;
use super::{ClockError, moments, positive, quantile};

/// Asynchrony of two players.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// The players, by index.
    pub players: [usize; 2],
    /// Times of the first player's ticks that have a partner.
    pub times: Vec<f64>,
    /// First minus second at those times: positive where the first ticks later.
    pub differences: Vec<f64>,
    /// Mean of the differences; `None` without a common tick.
    pub mean: Option<f64>,
    /// Standard error of the mean, for differences correlated in time; `None` below four.
    pub error: Option<f64>,
    /// Standard deviation of the differences; `None` below two.
    pub deviation: Option<f64>,
    /// Ticks of each player, within the time of the other, without a partner.
    pub unpaired: [usize; 2],
}

/// One player against the others.
#[derive(Clone, Debug, PartialEq)]
pub struct Player {
    /// Number of ticks.
    pub ticks: usize,
    /// Number of missing ticks (NaN) in the list.
    pub missing: usize,
    /// Mean time behind the group (negative: ahead): least squares over the means of all pairs, weighted by their numbers of common
    /// ticks, with zero mean over the players that are linked by common ticks. `None` without a partner.
    pub lag: Option<f64>,
    /// Standard error of `lag`, from the errors of the pairs of this player.
    pub error: Option<f64>,
}

/// Asynchrony of a group.
#[derive(Clone, Debug, PartialEq)]
pub struct Asynchrony {
    /// All pairs of players.
    pub pairs: Vec<Pair>,
    /// Each player.
    pub players: Vec<Player>,
    /// Largest difference that makes two ticks one event.
    pub tolerance: f64,
    /// Root mean square of the deviations of all pairs (each weighted by its number of common ticks), divided by √2: the scatter of one
    /// player. `None` where no pair has two common ticks.
    pub spread: Option<f64>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// The tolerance taken where none is given: 0.4 of the short intervals (5 % quantile) of the fastest player, so that a tick cannot
/// be taken for its neighbour.
///
/// # Errors
/// [`ClockError::TooFew`] where no player has two ticks.
pub fn usual_tolerance(players: &[Vec<f64>]) -> Result<f64, ClockError> {
    let short = players.iter().filter_map(|times| {
        let ticks: Vec<f64> = times.iter().copied().filter(|t| t.is_finite()).collect();
        let mut intervals: Vec<f64> = ticks.windows(2).map(|w| w[1] - w[0]).filter(|i| *i > 0.0).collect();
        intervals.sort_unstable_by(f64::total_cmp);
        (!intervals.is_empty()).then(|| quantile(&intervals, 0.05))
    });
    let shortest = short.fold(f64::INFINITY, f64::min);
    if shortest.is_finite() {
        Ok(0.4 * shortest)
    } else {
        Err(ClockError::TooFew { what: "ticks of a player", found: 1, needed: 2, cure: "give lists of many ticks" })
    }
}

/// Asynchrony of all pairs of players from their tick times (NaN where a player rests).
///
/// Two ticks belong together when each is the other's nearest and they lie within the tolerance (`None` takes [`usual_tolerance`]).
/// O(number of ticks) for each pair.
///
/// # Errors
/// [`ClockError::TooFew`] below two players; [`ClockError::Times`] where ticks do not increase; [`ClockError::Option`].
pub fn asynchrony(players: &[Vec<f64>], tolerance: Option<f64>) -> Result<Asynchrony, ClockError> {
    if players.len() < 2 {
        return Err(ClockError::TooFew {
            what: "players",
            found: players.len(),
            needed: 2,
            cure: "asynchrony compares tick lists",
        });
    }
    let ticks: Vec<Vec<f64>> =
        players.iter().map(|p| Ticks::from_times(p).map(|t| t.times)).collect::<Result<_, _>>()?;
    let tolerance = match tolerance {
        Some(tolerance) => positive("tolerance", tolerance)?,
        None => usual_tolerance(players)?,
    };
    let mut pairs = Vec::new();
    for i in 0..ticks.len() {
        for j in i + 1..ticks.len() {
            pairs.push(pair([i, j], &ticks[i], &ticks[j], tolerance));
        }
    }
    let lags = lags(ticks.len(), &pairs);
    let list = ticks
        .iter()
        .zip(players)
        .enumerate()
        .map(|(k, (ticks, all))| {
            // The lag of one of n players weighs each of its n − 1 pairs by about 1/n.
            let own = pairs.iter().filter(|p| p.players.contains(&k) && p.mean.is_some());
            let square: Option<f64> = own.map(|p| p.error.map(|e| e * e)).sum();
            Player {
                ticks: ticks.len(),
                missing: all.len() - ticks.len(),
                lag: lags[k],
                error: lags[k].and(square).map(|s| s.sqrt() / players.len() as f64),
            }
        })
        .collect();
    let (mut square, mut count) = (0.0, 0.0);
    for pair in &pairs {
        if let Some(deviation) = pair.deviation {
            let n = pair.differences.len() as f64;
            square += n * deviation * deviation;
            count += n;
        }
    }
    let mut notes = Vec::new();
    let edge = pairs.iter().flat_map(|p| &p.differences).filter(|d| d.abs() > 0.8 * tolerance).count();
    let common: usize = pairs.iter().map(|p| p.differences.len()).sum();
    if edge * 20 > common && common > 0 {
        notes.push(format!(
            "{edge} of {common} asynchronies lie near the tolerance of {tolerance:.4}: pairs may be cut off or wrongly made"
        ));
    }
    for pair in pairs.iter().filter(|p| p.differences.is_empty()) {
        notes.push(format!("players {} and {} have no common tick", pair.players[0] + 1, pair.players[1] + 1));
    }
    let spread = (count > 0.0).then(|| (0.5 * square / count).sqrt());
    Ok(Asynchrony { pairs, players: list, tolerance, spread, notes })
}

/// Mutual nearest ticks within the tolerance.
fn pair(players: [usize; 2], first: &[f64], second: &[f64], tolerance: f64) -> Pair {
    let nearest = |list: &[f64], t: f64| -> Option<usize> {
        let k = list.partition_point(|x| *x < t);
        match (k.checked_sub(1), list.get(k)) {
            (Some(before), Some(after)) if t - list[before] <= after - t => Some(before),
            (_, Some(_)) => Some(k),
            (before, None) => before,
        }
    };
    let (mut times, mut differences) = (Vec::new(), Vec::new());
    for (i, &t) in first.iter().enumerate() {
        let Some(k) = nearest(second, t) else {
            continue;
        };
        if (t - second[k]).abs() <= tolerance && nearest(first, second[k]) == Some(i) {
            times.push(t);
            differences.push(t - second[k]);
        }
    }
    let n = differences.len();
    let [mean, variance] = moments(&differences);
    let tau = correlation_time(&differences);
    let within = |list: &[f64], other: &[f64]| match (other.first(), other.last()) {
        (Some(a), Some(b)) => list.iter().filter(|t| **t >= a - tolerance && **t <= b + tolerance).count(),
        _ => 0,
    };
    let unpaired = [within(first, second).saturating_sub(n), within(second, first).saturating_sub(n)];
    Pair {
        players,
        mean: (n > 0).then_some(mean),
        error: (n > 3).then(|| (variance * 2.0 * tau / n as f64).sqrt()),
        deviation: (n > 1).then(|| variance.sqrt()),
        times,
        differences,
        unpaired,
    }
}

/// Least squares of l_i − l_j = mean_ij with weights n_ij and Σ l = 0 on every connected group.
fn lags(n: usize, pairs: &[Pair]) -> Vec<Option<f64>> {
    let mut group: Vec<usize> = (0..n).collect();
    let linked = |p: &&Pair| p.mean.is_some();
    for pair in pairs.iter().filter(linked) {
        let (a, b) = (group[pair.players[0]], group[pair.players[1]]);
        group.iter_mut().filter(|g| **g == b).for_each(|g| *g = a);
    }
    let mut lags = vec![None; n];
    for root in 0..n {
        let members: Vec<usize> = (0..n).filter(|&k| group[k] == root).collect();
        let m = members.len();
        if m < 2 {
            continue;
        }
        let place = |player: usize| members.iter().position(|&k| k == player).unwrap_or(0);
        // The Laplacian of the group is singular along (1, …, 1); adding that direction sets Σ l = 0.
        let mut matrix = RMatrix::zeros(m, m);
        let mut right = vec![0.0; m];
        let mut total = 0.0;
        for pair in pairs.iter().filter(linked).filter(|p| group[p.players[0]] == root) {
            let (i, j) = (place(pair.players[0]), place(pair.players[1]));
            let weight = pair.differences.len() as f64;
            let mean = pair.mean.unwrap_or_default();
            matrix[(i, i)] += weight;
            matrix[(j, j)] += weight;
            matrix[(i, j)] -= weight;
            matrix[(j, i)] -= weight;
            right[i] += weight * mean;
            right[j] -= weight * mean;
            total += weight;
        }
        for i in 0..m {
            for j in 0..m {
                matrix[(i, j)] += total / (m * m) as f64;
            }
        }
        if let Ok(lu) = Lu::new(&matrix) {
            let solution = lu.solve(&RMatrix::from_fn(m, 1, |i, _| right[i]));
            for (i, &k) in members.iter().enumerate() {
                lags[k] = Some(solution[(i, 0)]).filter(|l| l.is_finite());
            }
        }
    }
    lags
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;
    use huygens_numerics::random::Streams;
    use proptest::prelude::*;

    #[test]
    fn known_lags_and_rests_are_found() {
        let mut random = Streams { seed: 12 }.trajectory(0);
        let lags = [0.0, 0.02, -0.01, 0.03];
        let mut players: Vec<Vec<f64>> = vec![Vec::new(); 4];
        for beat in 0..2000 {
            for (k, lag) in lags.iter().enumerate() {
                let rests = random.uniform() < 0.3;
                let t = 0.5 * f64::from(beat) + lag + 0.01 * random.normal();
                players[k].push(if rests { f64::NAN } else { t });
            }
        }
        let found = asynchrony(&players, None).unwrap();
        assert!(found.tolerance > 0.15 && found.tolerance < 0.2, "{}", found.tolerance);
        for (player, lag) in found.players.iter().zip(lags) {
            let error = player.error.unwrap();
            assert!((player.lag.unwrap() - (lag - 0.01)).abs() < 4.0 * error && error < 1e-3, "{player:?}");
            assert_eq!(player.ticks + player.missing, 2000);
        }
        let pair = &found.pairs[2];
        assert_eq!(pair.players, [0, 3]);
        assert_relative_eq!(pair.mean.unwrap(), -0.03, max_relative = 0.1);
        assert_relative_eq!(pair.deviation.unwrap(), 0.01 * 2f64.sqrt(), max_relative = 0.1);
        assert_relative_eq!(found.spread.unwrap(), 0.01, max_relative = 0.05);
        assert!(found.notes.is_empty(), "{:?}", found.notes);
        // A tick at the end may lie behind the last one of the other.
        assert!(found.players[0].ticks - (pair.differences.len() + pair.unpaired[0]) <= 2);
    }

    #[test]
    fn players_without_common_ticks_have_no_lag() {
        let a: Vec<f64> = (0..50).map(f64::from).collect();
        let late: Vec<f64> = a.iter().map(|t| t + 0.5).collect();
        let far: Vec<f64> = a.iter().map(|t| t + 1000.0).collect();
        let found = asynchrony(&[a.clone(), far], None).unwrap();
        assert_eq!((found.pairs[0].mean, found.players[0].lag, found.spread), (None, None, None));
        assert_eq!(found.notes, ["players 1 and 2 have no common tick"]);
        let found = asynchrony(&[a.clone(), late], Some(0.6)).unwrap();
        assert!(found.notes[0].contains("near the tolerance"), "{:?}", found.notes);
        assert!(asynchrony(std::slice::from_ref(&a), None).is_err());
        assert!(asynchrony(&[a.clone(), vec![2.0, 1.0]], None).is_err());
        assert!(asynchrony(&[a, vec![1.0]], Some(f64::NAN)).is_err());
        assert!(asynchrony(&[vec![], vec![f64::NAN]], None).is_err());
    }

    proptest! {
        /// Exchanging the players turns the sign; shifting one adds to the mean.
        #[test]
        fn pairs_are_antisymmetric(
            a in prop::collection::btree_set(0u32..4000, 2..60),
            b in prop::collection::btree_set(0u32..4000, 2..60),
        ) {
            let list = |s: &std::collections::BTreeSet<u32>, d: f64| s.iter().map(|t| f64::from(*t) + d).collect::<Vec<_>>();
            // A shift of a third avoids ties.
            let (a, b) = (list(&a, 0.0), list(&b, 1.0 / 3.0));
            let forward = pair([0, 1], &a, &b, 20.0);
            let back = pair([1, 0], &b, &a, 20.0);
            prop_assert_eq!(forward.differences.len(), back.differences.len());
            prop_assert_eq!(forward.unpaired, [back.unpaired[1], back.unpaired[0]]);
            if let (Some(m), Some(n)) = (forward.mean, back.mean) {
                prop_assert!((m + n).abs() < 1e-9);
            }
        }
    }
}
