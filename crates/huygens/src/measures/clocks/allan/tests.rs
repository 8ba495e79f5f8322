//! The published test suites of NIST SP 1065 (sec. 12.3 and 12.4), laws of power, gaps, degrees of freedom.

use super::*;
use huygens_numerics::random::Streams;
use proptest::prelude::*;

/// Frequencies of the 10-point suite (892 … 677).
const SHORT: [f64; 9] = [892.0, 809.0, 823.0, 798.0, 671.0, 644.0, 883.0, 903.0, 677.0];

/// The 1000-point suite: n_{i+1} = 16807 n_i mod 2147483647, n_0 = 1234567890, divided by 2147483647.
fn long() -> Vec<f64> {
    let mut n = 1_234_567_890u64;
    (0..1000)
        .map(|_| {
            let y = n as f64 / 2_147_483_647.0;
            n = 16807 * n % 2_147_483_647;
            y
        })
        .collect()
}

fn at(y: &[f64], statistic: Statistic, factors: &[usize], options: &Options) -> Vec<Point> {
    let series = Series::from_frequency(y, 1.0).unwrap();
    let found = stability(&series, statistic, &Taus::Factors(factors.to_vec()), options).unwrap();
    assert_eq!(found.points.len(), factors.len());
    found.points
}

/// Equal to all digits of the printed number: the handbook rounds some of its last digits and cuts others (75.836066 is printed as
/// 75.83606, 70.806075 as 70.80608 in one row and 70.80607 in the next), so less than one unit of the last digit is asked for.
fn same(value: f64, printed: &str) -> bool {
    let digits = printed.trim_start_matches(['0', '.']).replace('.', "").len();
    let expected: f64 = printed.parse().unwrap();
    let unit = 10f64.powi(expected.log10().floor() as i32 + 1 - digits as i32);
    (value - expected).abs() < unit
}

#[test]
fn ten_point_suite_to_all_printed_digits() {
    use Statistic::{Adev, Hdev, Htot, Mdev, Mtot, Oadev, Ohdev, Tdev, Totdev, Ttot};
    // The published total statistics are corrected for white frequency noise.
    let white = Options { noise: Some(0), ..Options::default() };
    for (statistic, printed) in [
        (Adev, ["91.22945", "115.8082"]),
        (Oadev, ["91.22945", "85.95287"]),
        (Mdev, ["91.22945", "74.78849"]),
        (Totdev, ["91.22945", "93.90379"]),
        (Hdev, ["70.80608", "116.7980"]),
        (Tdev, ["52.67135", "86.35831"]),
        (Ohdev, ["70.80607", "85.61487"]),
        (Mtot, ["75.50203", "75.83606"]),
        (Ttot, ["43.59112", "87.56794"]),
        (Htot, ["70.80607", "91.16396"]),
    ] {
        for (point, printed) in at(&SHORT, statistic, &[1, 2], &white).iter().zip(printed) {
            assert!(same(point.value, printed), "{statistic:?} {} {printed}", point.value);
        }
    }
}

#[test]
fn thousand_point_suite_to_all_printed_digits() {
    use Statistic::{Adev, Hdev, Htot, Mdev, Mtot, Oadev, Ohdev, Tdev, Theo1, Totdev, Ttot};
    let y = long();
    let white = Options { noise: Some(0), ..Options::default() };
    let raw = Options { correct_bias: false, ..white };
    for (statistic, options, printed) in [
        (Adev, white, ["0.2922319", "0.09965736", "0.03897804"]),
        (Oadev, white, ["0.2922319", "0.09159953", "0.03241343"]),
        (Mdev, white, ["0.2922319", "0.06172376", "0.02170921"]),
        (Totdev, white, ["0.2922319", "0.09134743", "0.03406530"]),
        (Hdev, white, ["0.2943883", "0.1052754", "0.03910860"]),
        (Tdev, white, ["0.1687202", "0.3563623", "1.253382"]),
        (Ohdev, white, ["0.2943883", "0.09581083", "0.03237638"]),
        (Htot, white, ["0.2943883", "0.09614787", "0.03058103"]),
        (Mtot, raw, ["0.20664", "0.055529", "0.019547"]),
        (Ttot, raw, ["0.1193", "0.3206", "1.1285"]),
    ] {
        for (point, printed) in at(&y, statistic, &[1, 10, 100], &options).iter().zip(printed) {
            assert!(same(point.value, printed), "{statistic:?} {} {printed}", point.value);
        }
    }
    for (point, printed) in at(&y, Theo1, &[10, 100, 1000], &raw).iter().zip(["0.10757", "0.031789", "0.0050524"]) {
        assert!(same(point.value, printed), "{} {printed}", point.value);
        assert_eq!(point.tau, 0.75 * point.factor as f64);
    }
}

/// Definitions written out, for gappy data too.
#[test]
fn fast_sums_equal_the_definitions() {
    let mut random = Streams { seed: 4 }.trajectory(0);
    let mut x: Vec<f64> = (0..120).map(|_| random.normal()).collect();
    for k in [17, 18, 60] {
        x[k] = f64::NAN;
    }
    let series = Series::from_phase(&x, 0.5).unwrap();
    for m in [1usize, 3, 7] {
        let tau = 0.5 * m as f64;
        let n = x.len();
        let mean = |d: Vec<f64>, scale: f64| {
            let d: Vec<f64> = d.into_iter().filter(|d| d.is_finite()).collect();
            (d.len(), (d.iter().map(|d| d * d).sum::<f64>() / (d.len() as f64 * scale)).sqrt())
        };
        let block = |i: usize| x[i..i + m].iter().sum::<f64>() / m as f64;
        let cases = [
            (
                Statistic::Oadev,
                mean((0..n - 2 * m).map(|i| x[i] - 2.0 * x[i + m] + x[i + 2 * m]).collect(), 2.0 * tau * tau),
            ),
            (
                Statistic::Mdev,
                mean(
                    (0..=n - 3 * m).map(|i| block(i) - 2.0 * block(i + m) + block(i + 2 * m)).collect(),
                    2.0 * tau * tau,
                ),
            ),
            (
                Statistic::Ohdev,
                mean(
                    (0..n - 3 * m).map(|i| x[i + 3 * m] - 3.0 * x[i + 2 * m] + 3.0 * x[i + m] - x[i]).collect(),
                    6.0 * tau * tau,
                ),
            ),
            (Statistic::TieRms, mean((0..n - m).map(|i| x[i + m] - x[i]).collect(), 1.0)),
        ];
        for (statistic, (terms, value)) in cases {
            let found = stability(&series, statistic, &Taus::Factors(vec![m]), &Options::default()).unwrap();
            assert_eq!(found.points[0].terms, terms, "{statistic:?} {m}");
            assert!((found.points[0].value / value - 1.0).abs() < 1e-12, "{statistic:?} {m}");
            if statistic != Statistic::TieRms {
                assert!(found.notes.iter().any(|n| n.contains("gaps")), "{:?}", found.notes);
            }
        }
        let mtie = stability(&series, Statistic::Mtie, &Taus::Factors(vec![m]), &Options::default()).unwrap();
        let largest = (0..n - m)
            .map(|i| &x[i..=i + m])
            .filter(|w| w.iter().all(|v| v.is_finite()))
            .map(|w| w.iter().fold(f64::MIN, |a, b| a.max(*b)) - w.iter().fold(f64::MAX, |a, b| a.min(*b)))
            .fold(0.0, f64::max);
        assert_eq!(mtie.points[0].value, largest);
    }
}

#[test]
fn lost_frequencies_break_the_phase_and_lost_phases_do_not() {
    let mut random = Streams { seed: 9 }.trajectory(0);
    let mut y: Vec<f64> = (0..4000).map(|_| 5.0 + 0.1 * random.normal()).collect();
    y[1000] = f64::NAN;
    y[1001] = f64::NAN;
    let options = Options { noise: Some(0), ..Options::default() };
    let series = Series::from_frequency(&y, 1.0).unwrap();
    let found = stability(&series, Statistic::Oadev, &Taus::Factors(vec![1, 64]), &options).unwrap();
    assert_eq!(found.points[0].terms, 4000 - 1 - 3);
    assert_eq!(found.points[1].terms, (1000 - 127) + (2998 - 127));
    for point in &found.points {
        let [low, high] = point.interval.unwrap();
        let truth = 0.1 / (point.factor as f64).sqrt();
        assert!(low < truth && truth < high, "{point:?}");
    }
    // Totals keep to the pieces.
    for statistic in [Statistic::Totdev, Statistic::Mtot, Statistic::Htot, Statistic::Theo1] {
        let found = stability(&series, statistic, &Taus::Factors(vec![16]), &options).unwrap();
        let truth = 0.1 / (found.points[0].tau).sqrt();
        let ratio = match statistic {
            // MDEV² = ½ AVAR and HVAR = AVAR for white frequency noise.
            Statistic::Mtot => found.points[0].value * 2f64.sqrt() / truth,
            _ => found.points[0].value / truth,
        };
        assert!((ratio - 1.0).abs() < 0.1, "{statistic:?} {ratio}");
    }
    // Ticks with one missing: the phase starts anew behind it.
    let times: Vec<f64> = (0..500).map(|k| f64::from(k) + 0.01 * random.normal()).collect();
    let mut list = times.clone();
    list[250] = f64::NAN;
    let ticks = super::super::ticks::Ticks::from_times(&list).unwrap();
    let from_ticks = Series::from_ticks(&ticks).unwrap();
    let found = stability(&from_ticks, Statistic::Oadev, &Taus::Octave, &Options::default()).unwrap();
    assert_eq!((found.points[0].terms, found.points[0].noise), (248 + 247, Some(2)));
    assert!((found.points[0].value / (0.01 * 3f64.sqrt()) - 1.0).abs() < 0.15);
}

/// White, flicker-free laws with known deviations, and the noise told from them.
#[test]
fn power_laws_are_identified_with_their_slopes() {
    let mut random = Streams { seed: 77 }.trajectory(0);
    let n = 8192;
    let white: Vec<f64> = (0..n).map(|_| random.normal()).collect();
    let sum = |v: &[f64]| {
        let mut s = 0.0;
        v.iter()
            .map(|x| {
                s += x;
                s
            })
            .collect::<Vec<f64>>()
    };
    let walk = sum(&white);
    let run = sum(&walk);
    for (phase, alpha, slope) in [(&white, 2, -1.0), (&walk, 0, -0.5), (&run, -2, 0.5)] {
        let series = Series::from_phase(phase, 1.0).unwrap();
        let found = stability(&series, Statistic::Oadev, &Taus::Octave, &Options::default()).unwrap();
        let (a, b) = (&found.points[1], &found.points[6]);
        assert_eq!((a.noise, b.noise), (Some(alpha), Some(alpha)));
        let measured = (b.value / a.value).ln() / (b.tau / a.tau).ln();
        assert!((measured - slope).abs() < 0.1, "{alpha}: {measured}");
        assert!((identify(&series, 1, 2).unwrap() - f64::from(alpha)).abs() < 0.2);
        assert!(found.notes.iter().any(|n| n.contains("taken from the shorter")));
    }
    let frequency_run = Series::from_phase(&sum(&run), 1.0).unwrap();
    assert!((identify(&frequency_run, 1, 3).unwrap() + 4.0).abs() < 0.3);
}

/// The formulas against the scatter of simulated variances: 2⟨V⟩²/Var V.
#[test]
fn degrees_of_freedom_match_simulations() {
    use Statistic::{Adev, Htot, Mdev, Mtot, Oadev, Ohdev, Theo1, Totdev};
    let (n, trials) = (257usize, 400);
    for alpha in [2, 0, -2] {
        for (statistic, m) in [
            (Adev, 4),
            (Oadev, 4),
            (Oadev, 40),
            (Mdev, 4),
            (Mdev, 40),
            (Ohdev, 8),
            (Totdev, 64),
            (Mtot, 32),
            (Htot, 32),
            (Theo1, 64),
        ] {
            if alpha > 0 && (statistic == Totdev || statistic == Htot) {
                continue;
            }
            let (mut s, mut q) = (0.0, 0.0);
            let mut claimed = 0.0;
            for trial in 0..trials {
                let mut random = Streams { seed: 1000 }.trajectory(trial);
                let mut x: Vec<f64> = (0..n).map(|_| random.normal()).collect();
                for _ in 0..(2 - alpha) / 2 {
                    let mut sum = 0.0;
                    x.iter_mut().for_each(|v| {
                        sum += *v;
                        *v = sum;
                    });
                }
                let series = Series::from_phase(&x, 1.0).unwrap();
                let options = Options { noise: Some(alpha), ..Options::default() };
                let found = stability(&series, statistic, &Taus::Factors(vec![m]), &options).unwrap();
                let v = found.points[0].value.powi(2);
                s += v;
                q += v * v;
                claimed = found.points[0].freedom.unwrap();
            }
            let mean = s / f64::from(trials as u32);
            let freedom = 2.0 * mean * mean / (q / f64::from(trials as u32) - mean * mean);
            // The scatter of a scatter over 400 records is about 10 %, more for few degrees of freedom.
            assert!(
                (0.65..1.5).contains(&(freedom / claimed)),
                "{statistic:?} m={m} alpha={alpha}: {freedom:.1}, claimed {claimed:.1}"
            );
        }
    }
}

#[test]
fn short_and_bad_records_are_refused_with_a_cure() {
    let error = |y: &[f64], statistic| {
        let series = Series::from_frequency(y, 1.0).unwrap();
        stability(&series, statistic, &Taus::Octave, &Options::default()).unwrap_err().to_string()
    };
    assert!(error(&[1.0], Statistic::Adev).contains("give a longer record"));
    assert!(error(&[f64::NAN; 50], Statistic::Oadev).contains("without a gap"));
    assert!(error(&[1.0, 2.0, 1.0, 3.0], Statistic::Theo1).contains("11 phases"));
    assert!(Series::from_phase(&[1.0, f64::INFINITY], 1.0).is_err());
    assert!(Series::from_phase(&[1.0, 2.0], 0.0).is_err());
    let series = Series::from_frequency(&SHORT, 1.0).unwrap();
    let wrong = Options { confidence: 1.5, ..Options::default() };
    assert!(stability(&series, Statistic::Adev, &Taus::All, &wrong).is_err());
    let guessed = stability(&series, Statistic::Adev, &Taus::All, &Options::default()).unwrap();
    assert!(guessed.notes[0].contains("too short to tell the noise"));
    for statistic in Statistic::ALL {
        assert_eq!(Statistic::find(statistic.name()), Some(statistic));
    }
    assert_eq!(Taus::PerDecade(3).factors(30), [1, 2, 5, 10, 22]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// No deviation but those of the time error knows an offset of phase or frequency; all scale with the units; none is NaN, with
    /// whatever gaps.
    #[test]
    fn deviations_ignore_offsets_and_scale(
        x in prop::collection::vec(prop_oneof![12 => -1.0f64..1.0, 1 => Just(f64::NAN)], 3..90),
        slope in -100.0f64..100.0,
        scale in 0.01f64..100.0,
    ) {
        let series = Series::from_phase(&x, 1.0).unwrap();
        let moved: Vec<f64> = x.iter().enumerate().map(|(k, v)| scale * v + slope * k as f64 - 3.0).collect();
        let other = Series::from_phase(&moved, 1.0).unwrap();
        let options = Options { noise: Some(0), ..Options::default() };
        for statistic in Statistic::ALL {
            let Ok(found) = stability(&series, statistic, &Taus::All, &options) else { continue };
            for point in &found.points {
                prop_assert!(point.value.is_finite() && point.value >= 0.0 && point.terms > 0);
            }
            if matches!(statistic, Statistic::Mtie | Statistic::TieRms) {
                continue;
            }
            let shifted = stability(&other, statistic, &Taus::All, &options).unwrap();
            for (a, b) in found.points.iter().zip(&shifted.points) {
                prop_assert!((scale * a.value - b.value).abs() < 1e-9 * (1.0 + scale), "{:?} {} {}", statistic, a.value, b.value);
            }
        }
    }
}
