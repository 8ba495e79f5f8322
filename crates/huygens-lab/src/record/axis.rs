//! The axes of a sweep and the grid that they span.
//!
//! An axis is written `NAME=START:STOP:COUNT[:log]`. Both ends belong to it. A linear axis has the points
//! start + i (stop − start)/(count − 1), those of `numpy.linspace`; a logarithmic one has equal ratios, and its decades are
//! exact powers of ten. Several axes span their product, in row-major order: the last axis runs fastest.

use std::fmt;

use thiserror::Error;

/// The most points that one axis, or a whole grid, may have.
pub const MAX_POINTS: u64 = 1_000_000_000;

const FORM: &str = "write NAME=START:STOP:COUNT or NAME=START:STOP:COUNT:log, for example mu=0:0.1:101";

/// What can be wrong with an axis or with the grid.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum AxisError {
    /// The text has not the form of an axis.
    #[error("the axis `{text}` {problem}: {FORM}")]
    Form {
        /// The text as given.
        text: String,
        /// What is wrong with it.
        problem: String,
    },
    /// An end is NaN or infinite.
    #[error("the axis `{text}` has {end} = {value}: both ends of a sweep must be finite numbers")]
    NotFinite {
        /// The text as given.
        text: String,
        /// `START` or `STOP`.
        end: &'static str,
        /// The value as given.
        value: String,
    },
    /// No points.
    #[error("the sweep over `{name}` is empty (COUNT = 0): ask for at least one point")]
    Empty {
        /// Name of the axis.
        name: String,
    },
    /// One point between two different ends.
    #[error(
        "the sweep over `{name}` has COUNT = 1 but two ends, {start} and {stop}: give one value as {name}={start}:{start}:1, \
         or ask for at least two points"
    )]
    OnePoint {
        /// Name of the axis.
        name: String,
        /// First end.
        start: f64,
        /// Second end.
        stop: f64,
    },
    /// Neighbouring points coincide.
    #[error("the {count} points of the sweep over `{name}` from {start} to {stop} are not distinct: {cure}")]
    NotDistinct {
        /// Name of the axis.
        name: String,
        /// First end.
        start: f64,
        /// Second end.
        stop: f64,
        /// Number of points.
        count: u64,
        /// What to do.
        cure: &'static str,
    },
    /// Logarithm of a non-positive number.
    #[error(
        "the logarithmic sweep over `{name}` has {end} = {value}: both ends must be positive; sweep linearly (without `:log`) to \
         reach zero or negative values"
    )]
    LogOfNonPositive {
        /// Name of the axis.
        name: String,
        /// `START` or `STOP`.
        end: &'static str,
        /// The value.
        value: f64,
    },
    /// More points than can be stored.
    #[error(
        "the sweep over {what} has {points} points, which would need at least {} a measure; the limit is {MAX_POINTS} points: \
         use fewer points, or several sweeps", bytes(*.points * 8.0)
    )]
    TooMany {
        /// Names of the axes.
        what: String,
        /// Number of points (as a float: the product may exceed 64 bits).
        points: f64,
    },
    /// The same parameter twice.
    #[error("the sweep goes over `{name}` twice: give each parameter one axis")]
    Twice {
        /// Name of the axis.
        name: String,
    },
    /// No axis at all.
    #[error("a sweep needs at least one axis: {FORM}")]
    NoAxis,
}

/// A number of bytes in words, such as `8.0 GB`.
fn bytes(n: f64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB", "PB"];
    let mut n = n;
    let mut i = 0;
    while n >= 1000.0 && i + 1 < units.len() {
        n /= 1000.0;
        i += 1;
    }
    if n < 1e6 { format!("{n:.1} {}", units[i]) } else { format!("{n:.1e} {}", units[i]) }
}

/// How the points of an axis are spaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Spacing {
    /// Equal differences.
    #[default]
    Linear,
    /// Equal ratios.
    Log,
}

/// One swept parameter.
///
/// ```
/// use huygens_lab::record::Axis;
/// let axis = Axis::parse("kappa=0.001:1:4:log").unwrap();
/// assert_eq!((0..4).map(|i| axis.value(i)).collect::<Vec<_>>(), [0.001, 0.01, 0.1, 1.0]);
/// assert_eq!(axis.to_string(), "kappa=0.001:1:4:log");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    name: String,
    start: f64,
    stop: f64,
    count: u64,
    spacing: Spacing,
    /// Unit of the values, empty where it is not known.
    pub unit: String,
    /// What the parameter is, empty where it is not known.
    pub description: String,
}

impl Axis {
    /// An axis of `count` points from `start` to `stop`, both included.
    ///
    /// # Errors
    /// [`AxisError`] for an empty axis, ends that are not finite, points that coincide, a logarithm of a non-positive end, or
    /// more than [`MAX_POINTS`] points.
    pub fn new(
        name: impl Into<String>,
        start: f64,
        stop: f64,
        count: u64,
        spacing: Spacing,
    ) -> Result<Self, AxisError> {
        let axis =
            Self { name: name.into(), start, stop, count, spacing, unit: String::new(), description: String::new() };
        axis.validate()?;
        Ok(axis)
    }

    /// Reads `NAME=START:STOP:COUNT[:log]`.
    ///
    /// # Errors
    /// As [`Axis::new`], and [`AxisError::Form`] for text that has not this form.
    pub fn parse(text: &str) -> Result<Self, AxisError> {
        let wrong = |problem: String| AxisError::Form { text: text.into(), problem };
        let (name, range) = text.split_once('=').ok_or_else(|| wrong("has no `=`".into()))?;
        let name = name.trim();
        if name.is_empty() {
            return Err(wrong("has no name before `=`".into()));
        }
        if let Some(bad) = name.chars().find(|c| !(c.is_alphanumeric() || matches!(c, '_' | '[' | ']' | '.'))) {
            return Err(wrong(format!("has the character `{}` in its name", bad.escape_default())));
        }
        if name.starts_with(|c: char| !(c.is_alphabetic() || c == '_')) {
            return Err(wrong("has a name that does not begin with a letter".into()));
        }
        let fields: Vec<&str> = range.split(':').map(str::trim).collect();
        let spacing = match fields.len() {
            3 => Spacing::Linear,
            4 => match fields[3] {
                "log" => Spacing::Log,
                other => {
                    return Err(wrong(format!("ends in `{other}`, where only `log` may stand")));
                }
            },
            n if n < 3 => {
                let missing = ["START, STOP and COUNT", "STOP and COUNT", "COUNT"];
                let given = if fields[0].is_empty() { 0 } else { n };
                return Err(wrong(format!("lacks {}", missing[given.min(2)])));
            }
            n => return Err(wrong(format!("has {n} fields"))),
        };
        let end = |field: &str, which: &'static str| -> Result<f64, AxisError> {
            if field.is_empty() {
                return Err(wrong(format!("lacks {which}")));
            }
            let value: f64 =
                field.parse().map_err(|_| wrong(format!("has {which} = `{field}`, which is not a number")))?;
            if value.is_finite() {
                Ok(value)
            } else {
                Err(AxisError::NotFinite { text: text.into(), end: which, value: field.into() })
            }
        };
        let start = end(fields[0], "START")?;
        let stop = end(fields[1], "STOP")?;
        let count = match fields[2].parse::<u64>() {
            Ok(count) => count,
            Err(_) if !fields[2].is_empty() && fields[2].bytes().all(|b| b.is_ascii_digit()) => {
                return Err(AxisError::TooMany {
                    what: format!("`{name}`"),
                    points: fields[2].parse().unwrap_or(f64::MAX),
                });
            }
            Err(_) if fields[2].is_empty() => return Err(wrong("lacks COUNT".into())),
            Err(_) => {
                return Err(wrong(format!("has COUNT = `{}`, which is not a whole number", fields[2])));
            }
        };
        Self::new(name, start, stop, count, spacing)
    }

    fn validate(&self) -> Result<(), AxisError> {
        for (end, value) in [("START", self.start), ("STOP", self.stop)] {
            if !value.is_finite() {
                let value = value.to_string();
                return Err(AxisError::NotFinite { text: self.name.clone(), end, value });
            }
        }
        let name = self.name.clone();
        let (start, stop, count) = (self.start, self.stop, self.count);
        if count == 0 {
            return Err(AxisError::Empty { name });
        }
        if count > MAX_POINTS {
            return Err(AxisError::TooMany { what: format!("`{name}`"), points: count as f64 });
        }
        if self.spacing == Spacing::Log {
            for (end, value) in [("START", start), ("STOP", stop)] {
                if value <= 0.0 {
                    return Err(AxisError::LogOfNonPositive { name, end, value });
                }
            }
        }
        if count == 1 {
            return if start == stop { Ok(()) } else { Err(AxisError::OnePoint { name, start, stop }) };
        }
        if start == stop {
            let cure = "give two different ends, or COUNT = 1";
            return Err(AxisError::NotDistinct { name, start, stop, count, cure });
        }
        // Distinct where the steps are shortest against the spacing of floating-point numbers: at either end.
        let near = |i: u64| self.value(i) != self.value(i + 1);
        if !(near(0) && near(count - 2) && near((count - 2) / 2)) {
            let cure = "the step is below the resolution of floating-point numbers; use fewer points";
            return Err(AxisError::NotDistinct { name, start, stop, count, cure });
        }
        Ok(())
    }

    /// Name of the swept parameter.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// First value.
    pub fn start(&self) -> f64 {
        self.start
    }

    /// Last value.
    pub fn stop(&self) -> f64 {
        self.stop
    }

    /// Number of points.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Spacing of the points.
    pub fn spacing(&self) -> Spacing {
        self.spacing
    }

    /// The same axis with a unit and a description for the record.
    #[must_use]
    pub fn described(mut self, unit: impl Into<String>, description: impl Into<String>) -> Self {
        self.unit = unit.into();
        self.description = description.into();
        self
    }

    /// The value at point `i`, 0 ≤ i < count. Both ends are exact.
    #[track_caller]
    pub fn value(&self, i: u64) -> f64 {
        assert!(i < self.count, "point {i} of an axis of {} points", self.count);
        if i == 0 {
            return self.start;
        }
        if i == self.count - 1 {
            return self.stop;
        }
        let intervals = (self.count - 1) as f64;
        match self.spacing {
            Spacing::Linear => {
                let step = (self.stop - self.start) / intervals;
                if step.is_finite() {
                    self.start + i as f64 * step
                } else {
                    let f = i as f64 / intervals;
                    self.start * (1.0 - f) + self.stop * f
                }
            }
            Spacing::Log => {
                let (a, b) = (self.start.log10(), self.stop.log10());
                let exponent = a + (b - a) * (i as f64 / intervals);
                let decade = exponent.round();
                if (exponent - decade).abs() < 1e-12 * decade.abs().max(1.0) {
                    format!("1e{decade}").parse().unwrap_or_else(|_| 10f64.powf(exponent))
                } else {
                    10f64.powf(exponent)
                }
            }
        }
    }

    /// All values, in order.
    pub fn values(&self) -> impl Iterator<Item = f64> + '_ {
        (0..self.count).map(|i| self.value(i))
    }
}

/// Writes the axis as it is read, with the shortest digits that give the same numbers back.
impl fmt::Display for Axis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}:{}:{}", self.name, Shortest(self.start), Shortest(self.stop), self.count)?;
        if self.spacing == Spacing::Log { f.write_str(":log") } else { Ok(()) }
    }
}

/// Shortest decimal text that reads back as the same number, with an exponent where that is shorter to read.
struct Shortest(f64);

impl fmt::Display for Shortest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let x = self.0;
        if x != 0.0 && !(1e-5..1e16).contains(&x.abs()) { write!(f, "{x:e}") } else { write!(f, "{x}") }
    }
}

/// The product of the axes, cut into chunks of neighbouring points.
///
/// The cut depends on the axes alone, never on threads or shards: a chunk is the unit of work that is stored, lost or resumed
/// as a whole. By default a chunk holds min(N/64, √N/2) of the N points, at least one and at most 4096: few enough files that
/// a short sweep is not slowed down by them, few enough points that little is lost with a chunk and hundreds of shards have
/// work. The chunks of an axis are equally long, but for the last.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    axes: Vec<Axis>,
    chunk: Vec<u64>,
    len: u64,
}

impl Grid {
    /// The grid spanned by `axes`, the last running fastest.
    ///
    /// # Errors
    /// [`AxisError::NoAxis`], [`AxisError::Twice`], [`AxisError::TooMany`].
    pub fn new(axes: Vec<Axis>) -> Result<Self, AxisError> {
        if axes.is_empty() {
            return Err(AxisError::NoAxis);
        }
        for (i, axis) in axes.iter().enumerate() {
            if axes[..i].iter().any(|other| other.name == axis.name) {
                return Err(AxisError::Twice { name: axis.name.clone() });
            }
        }
        let points: f64 = axes.iter().map(|a| a.count as f64).product();
        if points > MAX_POINTS as f64 {
            let what = axes.iter().map(|a| format!("`{}`", a.name)).collect::<Vec<_>>().join(" and ");
            return Err(AxisError::TooMany { what, points });
        }
        let len: u64 = axes.iter().map(|a| a.count).product();
        let mut grid = Self { axes, chunk: Vec::new(), len };
        let points = (len as f64 / 64.0).min((len as f64).sqrt() / 2.0);
        grid.cut((points.ceil() as u64).clamp(1, 4096));
        Ok(grid)
    }

    /// The same grid in chunks of at most `points` points (at least one).
    #[must_use]
    pub fn with_chunk_points(mut self, points: u64) -> Self {
        self.cut(points.max(1));
        self
    }

    /// The same grid in chunks with these sides, as a store gives them.
    pub(crate) fn with_chunk_shape(mut self, sides: &[u64]) -> Self {
        self.chunk = sides.to_vec();
        self
    }

    fn cut(&mut self, points: u64) {
        let mut room = points;
        self.chunk = vec![1; self.axes.len()];
        for (side, axis) in self.chunk.iter_mut().zip(&self.axes).rev() {
            let longest = room.min(axis.count).max(1);
            *side = axis.count.div_ceil(axis.count.div_ceil(longest));
            // Earlier axes are cut point by point once a later one is not taken whole: chunks stay runs of the grid's order.
            room = if *side == axis.count { room / *side } else { 1 };
        }
    }

    /// The axes.
    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// Number of points.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Number of points of each axis.
    pub fn shape(&self) -> Vec<u64> {
        self.axes.iter().map(|a| a.count).collect()
    }

    /// Sides of a chunk.
    pub fn chunk_shape(&self) -> &[u64] {
        &self.chunk
    }

    /// Number of places in a chunk: the product of its sides. A chunk at the rim of the grid uses only some of them.
    pub fn chunk_len(&self) -> usize {
        self.chunk.iter().product::<u64>() as usize
    }

    /// Number of chunks.
    pub fn chunks(&self) -> u64 {
        self.axes.iter().zip(&self.chunk).map(|(a, c)| a.count.div_ceil(*c)).product()
    }

    /// Coordinates of chunk number `chunk` in the grid of chunks.
    pub fn chunk_coordinates(&self, chunk: u64) -> Vec<u64> {
        let sides: Vec<u64> = self.axes.iter().zip(&self.chunk).map(|(a, c)| a.count.div_ceil(*c)).collect();
        unravel(chunk, &sides)
    }

    /// The points of a chunk as pairs of the place in the chunk and the number of the point in the grid, in the grid's order.
    pub fn chunk_points(&self, chunk: u64) -> impl Iterator<Item = (usize, u64)> + '_ {
        let corner: Vec<u64> = self.chunk_coordinates(chunk).iter().zip(&self.chunk).map(|(i, c)| i * c).collect();
        (0..self.chunk_len()).filter_map(move |place| {
            let mut rest = place as u64;
            let (mut index, mut stride) = (0, 1);
            for k in (0..self.axes.len()).rev() {
                let i = corner[k] + rest % self.chunk[k];
                rest /= self.chunk[k];
                if i >= self.axes[k].count {
                    return None;
                }
                index += i * stride;
                stride *= self.axes[k].count;
            }
            Some((place, index))
        })
    }

    /// The place of point `index` on each axis.
    pub fn indices(&self, index: u64) -> Vec<u64> {
        unravel(index, &self.shape())
    }

    /// The values of the parameters at point `index`, written into `values` (one an axis).
    pub fn write_point(&self, index: u64, values: &mut [f64]) {
        let mut rest = index;
        for (value, axis) in values.iter_mut().zip(&self.axes).rev() {
            *value = axis.value(rest % axis.count);
            rest /= axis.count;
        }
    }

    /// The values of the parameters at point `index`.
    pub fn point(&self, index: u64) -> Vec<f64> {
        let mut values = vec![0.0; self.axes.len()];
        self.write_point(index, &mut values);
        values
    }
}

fn unravel(index: u64, shape: &[u64]) -> Vec<u64> {
    let mut rest = index;
    let mut out = vec![0; shape.len()];
    for (o, n) in out.iter_mut().zip(shape).rev() {
        *o = rest % n;
        rest /= n;
    }
    out
}

/// Which part of a sweep one process computes: shard I of N, counted from one.
///
/// Shard I owns the chunks I − 1, I − 1 + N, I − 1 + 2N, …: every chunk has one owner, and regions of costly points are spread
/// over all shards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    number: u64,
    of: u64,
}

/// A shard that cannot be.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the shard `{text}` {problem}: write I/N with 1 ≤ I ≤ N, for example 1/4, 2/4, 3/4 and 4/4 for four processes")]
pub struct ShardError {
    text: String,
    problem: &'static str,
}

impl Default for Shard {
    fn default() -> Self {
        Self::WHOLE
    }
}

impl Shard {
    /// The whole sweep in one process.
    pub const WHOLE: Self = Self { number: 1, of: 1 };

    /// Shard `number` of `of`.
    ///
    /// # Errors
    /// Unless 1 ≤ number ≤ of.
    pub fn new(number: u64, of: u64) -> Result<Self, ShardError> {
        let problem = match (number, of) {
            (_, 0) => "divides the sweep into no parts",
            (0, _) => "is counted from zero, but shards are counted from one",
            (i, n) if i > n => "lies beyond the number of shards",
            _ => return Ok(Self { number, of }),
        };
        Err(ShardError { text: format!("{number}/{of}"), problem })
    }

    /// Reads `I/N`.
    ///
    /// # Errors
    /// For other text, and as [`Shard::new`].
    pub fn parse(text: &str) -> Result<Self, ShardError> {
        let wrong = || ShardError { text: text.into(), problem: "is not a pair of whole numbers" };
        let (number, of) = text.split_once('/').ok_or_else(wrong)?;
        let read = |part: &str| part.trim().parse::<u64>().map_err(|_| wrong());
        Self::new(read(number)?, read(of)?)
    }

    /// Number of this shard, from one.
    pub fn number(self) -> u64 {
        self.number
    }

    /// Number of shards.
    pub fn of(self) -> u64 {
        self.of
    }

    /// The chunks that this shard owns, of `chunks`.
    pub fn chunks(self, chunks: u64) -> impl Iterator<Item = u64> + Clone {
        (self.number - 1..chunks).step_by(usize::try_from(self.of).unwrap_or(usize::MAX))
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values(text: &str) -> Vec<f64> {
        Axis::parse(text).unwrap().values().collect()
    }

    #[test]
    fn linear_axes_are_those_of_numpy() {
        // numpy.linspace(0, 0.1, 11).tolist()
        let expected = [0.0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09, 0.1];
        assert_eq!(values("mu=0:0.1:11"), expected);
        assert_eq!(values("x = 2 : -1 : 4"), [2.0, 1.0, 0.0, -1.0]);
        assert_eq!(values("x=3:3:1"), [3.0]);
        assert_eq!(values("x=-1e308:1.5e308:3"), [-1e308, 0.25e308, 1.5e308]);
    }

    #[test]
    fn decades_are_exact() {
        assert_eq!(values("κ=1e-6:1e3:10:log"), [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0, 1000.0]);
        let down = values("x=8:2:3:log");
        assert_eq!((down[0], down[2]), (8.0, 2.0));
        assert!((down[1] - 4.0).abs() < 1e-15);
        assert!(values("x=1e-300:1e300:7:log").iter().all(|x| x.is_finite()));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let message = |text: &str| Axis::parse(text).unwrap_err().to_string();
        for (text, part) in [
            ("mu", "has no `=`"),
            ("=0:1:2", "no name before `=`"),
            ("m u=0:1:2", "the character ` ` in its name"),
            ("m\u{7}=0:1:2", "in its name"),
            ("2x=0:1:2", "does not begin with a letter"),
            ("mu=", "lacks START, STOP and COUNT"),
            ("mu=0", "lacks STOP and COUNT"),
            ("mu=0:1", "lacks COUNT"),
            ("mu=:1:2", "lacks START"),
            ("mu=0::2", "lacks STOP"),
            ("mu=0:1:", "lacks COUNT"),
            ("mu=0:1:2:lgo", "ends in `lgo`, where only `log` may stand"),
            ("mu=0:1:2:log:1", "has 5 fields"),
            ("mu=zero:1:2", "has START = `zero`, which is not a number"),
            ("mu=0:1,5:2", "has STOP = `1,5`, which is not a number"),
            ("mu=nan:1:2", "has START = nan: both ends of a sweep must be finite"),
            ("mu=0:inf:2", "has STOP = inf"),
            ("mu=0:1e999:2", "has STOP = 1e999"),
            ("mu=0:1:0", "is empty (COUNT = 0)"),
            ("mu=0:1:-3", "COUNT = `-3`, which is not a whole number"),
            ("mu=0:1:2.5", "COUNT = `2.5`, which is not a whole number"),
            ("mu=0:1:1", "COUNT = 1 but two ends, 0 and 1: give one value as mu=0:0:1"),
            ("mu=1:1:5", "are not distinct: give two different ends, or COUNT = 1"),
            ("mu=1:1.0000000000000002:9", "below the resolution"),
            ("mu=0:1:5:log", "START = 0: both ends must be positive"),
            ("mu=1:-1:5:log", "STOP = -1: both ends must be positive"),
            ("mu=0:1:2000000000", "would need at least 16.0 GB a measure; the limit is 1000000000 points"),
            ("mu=0:1:99999999999999999999999", "would need at least"),
        ] {
            assert!(message(text).contains(part), "{text}: {}", message(text));
        }
        let axis = |text: &str| Axis::parse(text).unwrap();
        let grid = |texts: &[&str]| Grid::new(texts.iter().map(|t| axis(t)).collect()).unwrap_err().to_string();
        assert!(grid(&[]).contains("at least one axis"));
        assert!(grid(&["a=0:1:3", "a=0:2:3"]).contains("over `a` twice"));
        let large = grid(&["a=0:1:1000000", "b=0:1:1000000"]);
        assert!(large.contains("over `a` and `b` has 1000000000000 points") && large.contains("8.0 TB"), "{large}");
    }

    #[test]
    fn shards_are_counted_from_one() {
        assert_eq!(Shard::parse("2/4").unwrap().chunks(11).collect::<Vec<_>>(), [1, 5, 9]);
        for (text, part) in [
            ("0/4", "counted from zero"),
            ("5/4", "beyond the number of shards"),
            ("1/0", "no parts"),
            ("1", "not a pair of whole numbers"),
            ("a/b", "not a pair"),
            ("1/-2", "not a pair"),
        ] {
            let message = Shard::parse(text).unwrap_err().to_string();
            assert!(message.contains(part), "{text}: {message}");
        }
    }

    #[test]
    fn chunks_are_runs_of_equal_length() {
        let grid = |texts: &[&str]| Grid::new(texts.iter().map(|t| Axis::parse(t).unwrap()).collect()).unwrap();
        assert_eq!(grid(&["a=0:1:64"]).chunk_shape(), [1]);
        assert_eq!(grid(&["a=0:1:400"]).chunk_shape(), [7]);
        assert_eq!(grid(&["a=0:1:400"]).with_chunk_points(300).chunk_shape(), [200]);
        assert_eq!(grid(&["a=0:1:100", "b=0:1:100"]).chunk_shape(), [1, 50]);
        assert_eq!(grid(&["a=0:1:100", "b=0:1:8"]).with_chunk_points(30).chunk_shape(), [3, 8]);
        assert_eq!(grid(&["a=0:1:100000000"]).chunk_shape(), [4096]);
    }

    proptest! {
        #[test]
        fn an_axis_reads_back_from_its_text(
            start in -1e6f64..1e6, length in 1e-3f64..1e9, count in 2u64..1000, log in any::<bool>(),
        ) {
            let spacing = if log { Spacing::Log } else { Spacing::Linear };
            let start = if log { start.abs() + 1e-9 } else { start };
            let axis = Axis::new("mu", start, start + length, count, spacing).unwrap();
            prop_assert_eq!(&Axis::parse(&axis.to_string()).unwrap(), &axis);
            let values: Vec<f64> = axis.values().collect();
            prop_assert_eq!((values[0], values[count as usize - 1]), (start, start + length));
            prop_assert!(values.windows(2).all(|w| w[0] < w[1]));
        }

        #[test]
        fn every_point_is_in_one_chunk_of_one_shard(
            sides in prop::collection::vec(1u64..9, 1..4), points in 1u64..40, of in 1u64..6,
        ) {
            let axes = sides.iter().enumerate().map(|(i, &n)| {
                Axis::new(format!("x{i}"), 0.0, if n == 1 { 0.0 } else { 1.0 }, n, Spacing::Linear).unwrap()
            });
            let grid = Grid::new(axes.collect()).unwrap().with_chunk_points(points);
            prop_assert!(grid.chunk_len() as u64 <= points);
            let mut seen = vec![0; grid.len() as usize];
            for number in 1..=of {
                for chunk in Shard::new(number, of).unwrap().chunks(grid.chunks()) {
                    let mut last = None;
                    for (place, index) in grid.chunk_points(chunk) {
                        prop_assert!(place < grid.chunk_len());
                        prop_assert!(last.is_none_or(|l| l < index));
                        last = Some(index);
                        seen[index as usize] += 1;
                        let values: Vec<f64> = grid.indices(index).iter().zip(grid.axes()).map(|(i, a)| a.value(*i)).collect();
                        prop_assert_eq!(grid.point(index), values);
                    }
                }
            }
            prop_assert!(seen.iter().all(|n| *n == 1));
        }
    }
}
