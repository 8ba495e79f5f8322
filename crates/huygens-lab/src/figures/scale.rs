//! Axes: scales, ranges and ticks.

use super::style::Color;

/// How values lie along an axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// Equal differences take equal lengths.
    #[default]
    Linear,
    /// Equal ratios take equal lengths; values that are not positive have no place.
    Log,
}

impl Scale {
    /// The value in the coordinate in which the axis is uniform: itself or its decimal logarithm. Values that have no
    /// place on the scale become NaN.
    pub fn forward(self, value: f64) -> f64 {
        match self {
            Scale::Linear if value.is_finite() => value,
            Scale::Log if value > 0.0 && value.is_finite() => value.log10(),
            _ => f64::NAN,
        }
    }

    /// The inverse of [`Scale::forward`].
    pub fn backward(self, coordinate: f64) -> f64 {
        match self {
            Scale::Linear => coordinate,
            Scale::Log => 10f64.powf(coordinate),
        }
    }
}

/// One axis of a panel. The label may hold formulas between dollar signs.
#[derive(Clone, Debug, Default)]
pub struct Axis {
    pub(crate) label: String,
    pub(crate) scale: Scale,
    pub(crate) range: Option<(f64, f64)>,
    pub(crate) ticks: Option<Vec<(f64, String)>>,
    pub(crate) include: Vec<f64>,
    pub(crate) color: Option<Color>,
    pub(crate) bare: bool,
}

impl Axis {
    /// A linear axis.
    pub fn linear(label: impl Into<String>) -> Axis {
        Axis { label: label.into(), ..Axis::default() }
    }

    /// A logarithmic axis: decades as powers of ten.
    pub fn log(label: impl Into<String>) -> Axis {
        Axis { label: label.into(), scale: Scale::Log, ..Axis::default() }
    }

    /// Fixes the range instead of taking it from the data. A range that is empty, not finite, or not positive on a
    /// logarithmic axis is ignored; one that runs backwards is turned round.
    pub fn range(mut self, from: f64, to: f64) -> Axis {
        let (a, b) = (self.scale.forward(from), self.scale.forward(to));
        self.range = (a.is_finite() && b.is_finite() && a != b).then_some((from.min(to), from.max(to)));
        self
    }

    /// Makes an automatic range contain a value, for instance zero or an upper bound. Where the data end there, so does
    /// the axis.
    pub fn include(mut self, value: f64) -> Axis {
        self.include.push(value);
        self
    }

    /// Gives the ticks with their labels, for instance multiples of π.
    pub fn ticks<S: Into<String>>(mut self, ticks: impl IntoIterator<Item = (f64, S)>) -> Axis {
        self.ticks = Some(ticks.into_iter().map(|(at, label)| (at, label.into())).collect());
        self
    }

    /// Colours label and tick labels, to tie a right-hand axis to its series.
    pub fn color(mut self, color: Color) -> Axis {
        self.color = Some(color);
        self
    }

    /// Draws ticks without labels, for panels that share the axis of their neighbour.
    pub fn bare(mut self) -> Axis {
        self.bare = true;
        self
    }

    /// The range in the uniform coordinate: as fixed, or that of the data widened by `margin` of its length.
    ///
    /// Data whose spread is below 1e-10 of its size counts as constant, so that rounding noise is not blown up to
    /// look like a signal.
    pub(crate) fn resolve(&self, data: impl Iterator<Item = f64>, margin: f64) -> (f64, f64) {
        if let Some((from, to)) = self.range {
            return (self.scale.forward(from), self.scale.forward(to));
        }
        let all = data.chain(self.include.iter().copied()).map(|v| self.scale.forward(v)).filter(|v| v.is_finite());
        let (lo, hi) = all.fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), v| (lo.min(v), hi.max(v)));
        if lo > hi {
            return if self.scale == Scale::Log { (-1.0, 0.0) } else { (0.0, 1.0) };
        }
        // Keeps differences and margins within the numbers that a computer has.
        let (lo, hi) = (lo.max(-1e300), hi.min(1e300));
        let size = lo.abs().max(hi.abs());
        if hi - lo <= 1e-10 * size || hi - lo < 1e-300 {
            let half = match self.scale {
                Scale::Log => 0.3,
                Scale::Linear if size < 1e-290 => 1.0,
                Scale::Linear => 0.2 * size,
            };
            let middle = 0.5 * lo + 0.5 * hi;
            return (middle - half, middle + half);
        }
        // An end that was asked for stays where it is.
        let widen = |end: f64| {
            if self.include.iter().any(|v| self.scale.forward(*v) == end) { 0.0 } else { margin * (hi - lo) }
        };
        (lo - widen(lo), hi + widen(hi))
    }
}

/// The ticks of an axis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ticks {
    /// Labelled ticks: value and label.
    pub major: Vec<(f64, String)>,
    /// Ticks without a label.
    pub minor: Vec<f64>,
    /// What is common to all labels, as `$\times10^{-5}$` or `+1.005`; empty if nothing is.
    pub common: String,
}

/// Ticks of a linear axis from `lo` to `hi`: at most `count` labels (five if fewer would leave a single one) on multiples
/// of 1, 2 or 5 times a power of ten, with minor ticks between.
///
/// Labels are exact decimals. Very large and very small values share a power of ten, values close together far from
/// zero share an offset: see [`Ticks::common`].
pub fn linear_ticks(lo: f64, hi: f64, count: usize) -> Ticks {
    if !(lo.is_finite() && hi.is_finite() && lo < hi && (hi - lo).is_finite()) {
        return Ticks::default();
    }
    // Closer than the spacing of floating-point numbers allows no ticks.
    let size = lo.abs().max(hi.abs());
    if hi - lo < 1e-12 * size {
        return Ticks::default();
    }
    let count = count.max(2);
    let first = ((hi - lo) / (count as f64 + 1.0)).log10().floor() as i32;
    let fits = |m: i64, k: i32| indices(lo, hi, m, k).count();
    let candidates = (first..first + 4).flat_map(|k| [(1, k), (2, k), (5, k)]);
    let mut choice = candidates.clone().find(|&(m, k)| fits(m, k) <= count).unwrap_or((1, first + 1));
    if fits(choice.0, choice.1) < 2 {
        // Two labels at least, else an axis has no scale.
        choice = candidates.rev().find(|&(m, k)| fits(m, k) >= 2).unwrap_or(choice);
    }
    let (m, k) = choice;
    let (minor_m, minor_k) = match m {
        1 => (2, k - 1),
        2 => (5, k - 1),
        _ => (1, k),
    };
    let at: Vec<i64> = indices(lo, hi, m, k).map(|i| i * m).collect();
    let (labels, common) = labels(&at, k);
    let major: Vec<(f64, String)> = at.iter().map(|i| decimal(*i, k)).zip(labels).collect();
    let minor = indices(lo, hi, minor_m, minor_k)
        .map(|i| i * minor_m)
        .filter(|i| i % (m * 10i64.pow((k - minor_k) as u32)) != 0)
        .map(|i| decimal(i, minor_k))
        .collect();
    Ticks { major, minor, common }
}

/// The integers `i` for which `i m 10^k` lies in the range, up to rounding at its ends.
fn indices(lo: f64, hi: f64, m: i64, k: i32) -> std::ops::Range<i64> {
    let slack = 1e-9 * (hi - lo);
    let divide = |x: f64| scaled(x, -k) / m as f64;
    let (a, b) = (divide(lo - slack).ceil(), divide(hi + slack).floor());
    // Steps are never finer than 1e-14 of the size of the range, so the integers are exact.
    a as i64..(b as i64).saturating_add(1)
}

/// `x 10^k`, rounded once wherever powers of ten are exact.
fn scaled(x: f64, k: i32) -> f64 {
    match k {
        0..=22 => x * 10f64.powi(k),
        -22..=-1 => x / 10f64.powi(-k),
        -330..=-23 => x / 1e22 / 10f64.powi((-k - 22).min(150)) / 10f64.powi((-k - 172).max(0)),
        _ => x * 1e22 * 10f64.powi((k - 22).min(150)) * 10f64.powi((k - 172).max(0)),
    }
}

/// The floating-point number nearest to `i 10^k`.
fn decimal(i: i64, k: i32) -> f64 {
    format!("{i}e{k}").parse().unwrap_or_else(|_| scaled(i as f64, k))
}

/// Labels of the numbers `i 10^k`, and what they have in common.
fn labels(at: &[i64], k: i32) -> (Vec<String>, String) {
    let largest = at.iter().map(|i| i.unsigned_abs()).max().unwrap_or(0);
    let spread = at.last().zip(at.first()).map_or(0, |(b, a)| b.abs_diff(*a));
    if largest == 0 {
        return (vec!["0".into(); at.len()], String::new());
    }
    // More than five digits of which the leading ones never change: take these out.
    if largest >= 100_000 && largest / spread.max(1) >= 100 {
        // The roundest number among them.
        let units = (0..=18).rev().map(|power| 10i64.pow(power));
        let multiple = |unit: i64| at[at.len() - 1].div_euclid(unit) * unit;
        let offset = units.map(multiple).find(|offset| *offset >= at[0] && *offset != 0).unwrap_or(at[0]);
        let rest: Vec<i64> = at.iter().map(|i| i - offset).collect();
        let (labels, power) = labels(&rest, k);
        let sign = if offset < 0 { "−" } else { "+" };
        let offset = shared_number(offset.unsigned_abs(), k);
        let common = if power.is_empty() { format!("{sign}{offset}") } else { format!("{power} {sign}{offset}") };
        return (labels, common);
    }
    let exponent = largest.ilog10() as i32 + k;
    let shift = if exponent >= 5 || exponent <= -4 || k <= -6 { exponent } else { 0 };
    let common = if shift == 0 { String::new() } else { format!("$\\times10^{{{shift}}}$") };
    (at.iter().map(|i| plain(*i, k - shift)).collect(), common)
}

/// `i 10^k` with trailing zeros taken off, as a power of ten if it would be long.
fn shared_number(mut i: u64, mut k: i32) -> String {
    while i.is_multiple_of(10) && i > 0 {
        i /= 10;
        k += 1;
    }
    let digits = i.ilog10() as i32;
    if k > 3 || digits + k < -4 {
        format!("{}$\\times10^{{{}}}$", plain(i as i64, -digits), digits + k)
    } else {
        plain(i as i64, k)
    }
}

/// `i 10^k` written out, with a minus sign where one is due.
fn plain(i: i64, k: i32) -> String {
    let sign = if i < 0 { "−" } else { "" };
    let digits = i.unsigned_abs().to_string();
    if k >= 0 {
        let zeros = if i == 0 { 0 } else { k as usize };
        return format!("{sign}{digits}{}", "0".repeat(zeros));
    }
    let places = (-k) as usize;
    let digits = format!("{digits:0>width$}", width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    format!("{sign}{whole}.{fraction}")
}

/// Ticks of a logarithmic axis between the decimal exponents `lo` and `hi`, with at most about `count` labels.
///
/// Over two decades or more the decades are labelled (every second, third … if they are many) and their multiples 2 to
/// 9 are minor ticks. Over less, multiples 1, 2, 5 are labelled too; over a small fraction of a decade the ticks are
/// those of a linear axis.
pub fn log_ticks(lo: f64, hi: f64, count: usize) -> Ticks {
    if !(lo.is_finite() && hi.is_finite() && lo < hi) || lo < -300.0 || hi > 300.0 {
        return Ticks::default();
    }
    let count = count.max(2);
    let slack = 1e-9 * (hi - lo);
    let inside = |v: f64| (lo - slack..=hi + slack).contains(&v);
    let (first, last) = ((lo - slack).ceil() as i32, (hi + slack).floor() as i32);
    let multiples = |set: &'static [i64]| {
        let all = (lo.floor() as i32..=last).flat_map(move |k| set.iter().map(move |m| (*m, k)));
        all.filter(|(m, k)| inside(f64::from(*k) + (*m as f64).log10()))
    };
    let decades = (last - first + 1).max(0) as usize;
    if decades >= 2 {
        let stride = decades.div_ceil(count) as i32;
        let labelled = |k: i32| k.rem_euclid(stride) == 0;
        let major = (first..=last).filter(|k| labelled(*k)).map(|k| (decimal(1, k), format!("$10^{{{k}}}$"))).collect();
        let minor = if stride == 1 {
            multiples(&[2, 3, 4, 5, 6, 7, 8, 9]).map(|(m, k)| decimal(m, k)).collect()
        } else {
            (first..=last).filter(|k| !labelled(*k)).map(|k| decimal(1, k)).collect()
        };
        return Ticks { major, minor, common: String::new() };
    }
    for set in [&[1i64, 2, 5][..], &[1, 2, 3, 5], &[1, 2, 3, 4, 6, 8]] {
        let at: Vec<(i64, i32)> = multiples(set).collect();
        if at.len() >= 3 && at.len() <= count + 1 {
            let label = |(m, k): (i64, i32)| match k {
                -3..=3 => plain(m, k),
                _ if m == 1 => format!("$10^{{{k}}}$"),
                _ => format!("${m}\\times10^{{{k}}}$"),
            };
            let major: Vec<(f64, String)> = at.iter().map(|&(m, k)| (decimal(m, k), label((m, k)))).collect();
            let minor = multiples(&[1, 2, 3, 4, 5, 6, 7, 8, 9]).filter(|tick| !at.contains(tick));
            return Ticks { major, minor: minor.map(|(m, k)| decimal(m, k)).collect(), common: String::new() };
        }
    }
    linear_ticks(10f64.powf(lo), 10f64.powf(hi), count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn labels_of(ticks: &Ticks) -> Vec<&str> {
        ticks.major.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn round_numbers_on_common_ranges() {
        assert_eq!(labels_of(&linear_ticks(0.0, 1.0, 6)), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels_of(&linear_ticks(-3.0, 3.0, 7)), ["−3", "−2", "−1", "0", "1", "2", "3"]);
        assert_eq!(labels_of(&linear_ticks(0.0, 0.08, 5)), ["0.00", "0.02", "0.04", "0.06", "0.08"]);
        assert_eq!(labels_of(&linear_ticks(0.0, 1000.0, 6)), ["0", "200", "400", "600", "800", "1000"]);
    }

    #[test]
    fn large_small_and_shifted_ranges_share_what_is_common() {
        let t = linear_ticks(0.0, 4e-5, 5);
        assert_eq!(labels_of(&t), ["0", "1", "2", "3", "4"]);
        assert_eq!(t.common, r"$\times10^{-5}$");
        let t = linear_ticks(1.0049997, 1.0050003, 4);
        assert_eq!(labels_of(&t), ["−2", "0", "2"]);
        assert_eq!(t.common, r"$\times10^{-7}$ +1.005");
        let t = linear_ticks(1e9, 1e9 + 4.0, 5);
        assert_eq!(labels_of(&t), ["0", "1", "2", "3", "4"]);
        assert_eq!(t.common, r"+1$\times10^{9}$");
    }

    #[test]
    fn decades_are_powers_with_minor_ticks() {
        let t = log_ticks(-3.0, 0.0, 6);
        assert_eq!(labels_of(&t), ["$10^{-3}$", "$10^{-2}$", "$10^{-1}$", "$10^{0}$"]);
        assert_eq!(t.minor.len(), 24);
        let t = log_ticks(-12.0, 8.0, 5);
        assert!(t.major.len() <= 5 && t.major.iter().any(|(v, _)| *v == 1.0));
        assert_eq!(labels_of(&log_ticks((1.5f64).log10(), (30f64).log10(), 6)), ["2", "5", "10", "20"]);
        assert!(log_ticks(1.0000, 1.0001, 5).major.len() >= 2);
    }

    #[test]
    fn constant_data_and_no_data_have_a_range() {
        let axis = Axis::linear("");
        assert_eq!(axis.resolve([].into_iter(), 0.05), (0.0, 1.0));
        assert_eq!(axis.resolve([f64::NAN, f64::INFINITY].into_iter(), 0.05), (0.0, 1.0));
        let (lo, hi) = axis.resolve([0.3, 0.3 + 1e-13].into_iter(), 0.05);
        assert!(lo < 0.25 && hi > 0.35, "rounding noise is not a signal");
        assert_eq!(Axis::log("").resolve([-1.0, 0.0].into_iter(), 0.05), (-1.0, 0.0));
        let (lo, hi) = axis.resolve([-f64::MAX, f64::MAX].into_iter(), 0.05);
        assert!((hi - lo).is_finite() && lo < hi);
        assert!(Axis::log("").range(-1.0, 1.0).range.is_none());
        assert_eq!(axis.range(2.0, 1.0).range, Some((1.0, 2.0)));
    }

    proptest! {
        #[test]
        fn ticks_of_any_range_are_inside_ordered_and_named_after_their_value(
            lo in -1.0f64..1.0, length in -11.0f64..3.0, size in -250.0f64..250.0, count in 3usize..9,
        ) {
            let scale = 10f64.powf(size);
            let (lo, hi) = (lo * scale, lo * scale + 10f64.powf(length) * scale);
            let ticks = linear_ticks(lo, hi, count);
            prop_assume!(hi - lo > 1e-11 * lo.abs().max(hi.abs()));
            prop_assert!(ticks.major.len() >= 2, "{ticks:?}");
            prop_assert!(ticks.major.len() <= count.max(5), "{ticks:?}");
            prop_assert!(ticks.major.windows(2).all(|w| w[0].0 < w[1].0));
            let slack = 1e-8 * (hi - lo);
            for v in ticks.major.iter().map(|t| t.0).chain(ticks.minor.iter().copied()) {
                prop_assert!(v >= lo - slack && v <= hi + slack);
            }
            let mut labels: Vec<&String> = ticks.major.iter().map(|t| &t.1).collect();
            labels.dedup();
            prop_assert_eq!(labels.len(), ticks.major.len(), "every label differs");
            for (value, label) in &ticks.major {
                let read = read(label, &ticks.common);
                prop_assert!((read - value).abs() <= 1e-9 * (hi - lo) + 4.0 * f64::EPSILON * value.abs(), "{} {} reads {}", label, ticks.common, read);
                prop_assert!(label.chars().count() <= 8, "{label}");
            }
        }

        #[test]
        fn logarithmic_ticks_are_inside_and_distinct(lo in -200.0f64..200.0, length in -2.0f64..2.0, count in 3usize..9) {
            let hi = lo + 10f64.powf(length);
            let ticks = log_ticks(lo, hi, count);
            prop_assert!(ticks.major.len() >= 2 || hi - lo > 1.0, "{ticks:?}");
            let slack = 1e-8 * (hi - lo) + 1e-12;
            for v in ticks.major.iter().map(|t| t.0).chain(ticks.minor.iter().copied()) {
                prop_assert!((lo - slack..=hi + slack).contains(&v.log10()));
            }
            prop_assert!(ticks.major.windows(2).all(|w| w[0].0 < w[1].0 && w[0].1 != w[1].1));
        }
    }

    /// Reads a label back, with what is common to all.
    fn read(label: &str, common: &str) -> f64 {
        let number = |s: &str| -> f64 { s.replace('−', "-").parse().expect(s) };
        let power = |s: &str| -> f64 {
            format!("1e{}", s.split("10^{").nth(1).unwrap().trim_end_matches("}$")).parse().unwrap()
        };
        let mut value = number(label);
        for part in common.split(' ').filter(|p| !p.is_empty()) {
            if part.starts_with('$') {
                value *= power(part);
            } else if let Some((n, p)) = part.split_once('$') {
                value += number(n) * power(p);
            } else {
                value += number(part);
            }
        }
        value
    }
}
