//! What a panel shows: axes and layers. Plain data, built step by step.

use super::scale::Axis;
use super::style::{Color, ColorMap, Dash, Shape};

/// Points, joined by a line or marked one by one.
///
/// Points with a coordinate that is not finite (or not positive on a logarithmic axis) interrupt the line and get no
/// marker. Surplus values of the longer of the two lists are ignored.
#[derive(Clone, Debug)]
pub struct Series {
    pub(crate) x: Vec<f64>,
    pub(crate) y: Vec<f64>,
    pub(crate) label: String,
    pub(crate) color: Option<Color>,
    pub(crate) width: f64,
    pub(crate) line: bool,
    pub(crate) dash: Dash,
    pub(crate) marker: Option<Shape>,
    pub(crate) marker_size: f64,
    pub(crate) open: bool,
    pub(crate) y_errors: Vec<(f64, f64)>,
    pub(crate) x_errors: Vec<(f64, f64)>,
    pub(crate) right: bool,
    pub(crate) arrows: usize,
    pub(crate) bars: Option<f64>,
}

impl Series {
    fn new(x: impl Into<Vec<f64>>, y: impl Into<Vec<f64>>) -> Series {
        Series {
            x: x.into(),
            y: y.into(),
            label: String::new(),
            color: None,
            width: 1.1,
            line: true,
            dash: Dash::Solid,
            marker: None,
            marker_size: 3.6,
            open: false,
            y_errors: vec![],
            x_errors: vec![],
            right: false,
            arrows: 0,
            bars: None,
        }
    }

    /// A line through points.
    pub fn line(x: impl Into<Vec<f64>>, y: impl Into<Vec<f64>>) -> Series {
        Series::new(x, y)
    }

    /// Markers at points.
    pub fn points(x: impl Into<Vec<f64>>, y: impl Into<Vec<f64>>) -> Series {
        Series { line: false, marker: Some(Shape::Circle), ..Series::new(x, y) }
    }

    /// Bars from zero to `y`, each as wide as `width` on the x axis. On a logarithmic y axis bars stand on its lower
    /// end.
    pub fn bars(x: impl Into<Vec<f64>>, y: impl Into<Vec<f64>>, width: f64) -> Series {
        Series { line: false, bars: Some(width), ..Series::new(x, y) }
    }

    /// Names the series in the legend.
    pub fn label(mut self, label: impl Into<String>) -> Series {
        self.label = label.into();
        self
    }

    /// Sets the colour; without it the palette is gone through in order.
    pub fn color(mut self, color: Color) -> Series {
        self.color = Some(color);
        self
    }

    /// Sets the width of the line in points (1.1 unless set).
    pub fn width(mut self, points: f64) -> Series {
        self.width = points.clamp(0.1, 20.0);
        self
    }

    /// Sets the pattern of the line.
    pub fn dash(mut self, dash: Dash) -> Series {
        self.dash = dash;
        self
    }

    /// Marks the points with a shape, in addition to a line if there is one.
    pub fn marker(mut self, shape: Shape) -> Series {
        self.marker = Some(shape);
        self
    }

    /// Sets the size of the markers in points (3.6 unless set).
    pub fn marker_size(mut self, points: f64) -> Series {
        self.marker_size = points.clamp(0.3, 30.0);
        self
    }

    /// Leaves the markers white inside.
    pub fn open(mut self) -> Series {
        self.open = true;
        self
    }

    /// Error bars of `y`, one half-length a point.
    pub fn errors(mut self, half: &[f64]) -> Series {
        self.y_errors = self.y.iter().zip(half).map(|(v, e)| (v - e, v + e)).collect();
        self
    }

    /// Error bars of `y` from and to given values, for instance a minimum and a maximum.
    pub fn errors_between(mut self, lower: &[f64], upper: &[f64]) -> Series {
        self.y_errors = lower.iter().copied().zip(upper.iter().copied()).collect();
        self
    }

    /// Error bars of `x`, one half-length a point.
    pub fn x_errors(mut self, half: &[f64]) -> Series {
        self.x_errors = self.x.iter().zip(half).map(|(v, e)| (v - e, v + e)).collect();
        self
    }

    /// Counts `y` on the right-hand axis of the panel.
    pub fn on_right(mut self) -> Series {
        self.right = true;
        self
    }

    /// Draws this many arrow heads along the line, evenly spaced, in the direction of the points: for orbits.
    pub fn arrows(mut self, count: usize) -> Series {
        self.arrows = count.min(100);
        self
    }

    /// The points that have both coordinates.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.x.iter().copied().zip(self.y.iter().copied())
    }
}

/// The area between two curves, for instance minimum and maximum over a period, or a confidence interval.
#[derive(Clone, Debug)]
pub struct Band {
    pub(crate) x: Vec<f64>,
    pub(crate) lower: Vec<f64>,
    pub(crate) upper: Vec<f64>,
    pub(crate) label: String,
    pub(crate) color: Option<Color>,
    pub(crate) right: bool,
}

impl Band {
    /// The area between `lower` and `upper` over `x`.
    pub fn new(x: impl Into<Vec<f64>>, lower: impl Into<Vec<f64>>, upper: impl Into<Vec<f64>>) -> Band {
        Band { x: x.into(), lower: lower.into(), upper: upper.into(), label: String::new(), color: None, right: false }
    }

    /// Names the band in the legend.
    pub fn label(mut self, label: impl Into<String>) -> Band {
        self.label = label.into();
        self
    }

    /// Sets the colour, which is drawn light. Without it the band takes that of the series that comes after it.
    pub fn color(mut self, color: Color) -> Band {
        self.color = Some(color);
        self
    }

    /// Counts the values on the right-hand axis of the panel.
    pub fn on_right(mut self) -> Band {
        self.right = true;
        self
    }
}

/// A straight line across the panel with a name: a bifurcation, a bound, a threshold.
#[derive(Clone, Debug)]
pub struct Reference {
    pub(crate) at: f64,
    pub(crate) vertical: bool,
    pub(crate) label: String,
    pub(crate) color: Color,
    pub(crate) dash: Dash,
}

impl Reference {
    /// A vertical line at a value of x; its name stands above the frame.
    pub fn x(at: f64, label: impl Into<String>) -> Reference {
        Reference { at, vertical: true, label: label.into(), color: Color::GREY, dash: Dash::Dashed }
    }

    /// A horizontal line at a value of y; its name stands on the line where it hides least.
    pub fn y(at: f64, label: impl Into<String>) -> Reference {
        Reference { vertical: false, ..Reference::x(at, label) }
    }

    /// Sets the colour (grey unless set).
    pub fn color(mut self, color: Color) -> Reference {
        self.color = color;
        self
    }

    /// Sets the pattern (dashed unless set).
    pub fn dash(mut self, dash: Dash) -> Reference {
        self.dash = dash;
        self
    }
}

/// A shaded interval of x: a region of the parameter in which something holds.
#[derive(Clone, Debug)]
pub struct Region {
    pub(crate) from: f64,
    pub(crate) to: f64,
    pub(crate) label: String,
    pub(crate) color: Color,
}

impl Region {
    /// Shades from `from` to `to`; an infinite end reaches the edge of the panel.
    pub fn new(from: f64, to: f64, label: impl Into<String>) -> Region {
        Region { from: from.min(to), to: from.max(to), label: label.into(), color: Color(150, 150, 150) }
    }

    /// Sets the colour, which is drawn light.
    pub fn color(mut self, color: Color) -> Region {
        self.color = color;
        self
    }
}

/// A quantity over a plane: one coloured cell around each point of a rectangular grid, with a colour bar.
///
/// `z[j * x.len() + i]` belongs to `(x[i], y[j])`; `x` and `y` ascend. Cells meet half-way between the points, on a
/// logarithmic axis half-way in the logarithm, so cells and contour lines agree on any grid. A value that is not
/// finite is drawn grey.
#[derive(Clone, Debug)]
pub struct HeatMap {
    pub(crate) x: Vec<f64>,
    pub(crate) y: Vec<f64>,
    pub(crate) z: Vec<f64>,
    pub(crate) bar: Axis,
    pub(crate) map: ColorMap,
    pub(crate) smooth: bool,
    pub(crate) contours: Vec<f64>,
}

impl HeatMap {
    /// A map of `z`, with the axis of its colour bar: label, scale and range.
    ///
    /// # Panics
    /// If `z` has not `x.len() * y.len()` values.
    #[track_caller]
    pub fn new(x: impl Into<Vec<f64>>, y: impl Into<Vec<f64>>, z: impl Into<Vec<f64>>, bar: Axis) -> HeatMap {
        let (x, y, z) = (x.into(), y.into(), z.into());
        assert_eq!(z.len(), x.len() * y.len(), "a heat map needs one value for every point of its grid");
        HeatMap { x, y, z, bar, map: ColorMap::default(), smooth: false, contours: vec![] }
    }

    /// Sets the colour map.
    pub fn colors(mut self, map: ColorMap) -> HeatMap {
        self.map = map;
        self
    }

    /// Interpolates between the points instead of drawing cells.
    pub fn smooth(mut self) -> HeatMap {
        self.smooth = true;
        self
    }

    /// Draws the lines on which the quantity has these values; they are marked on the colour bar too.
    pub fn contours(mut self, levels: &[f64]) -> HeatMap {
        self.contours = levels.to_vec();
        self
    }
}

/// Which of a few kinds holds at each point of a plane, for instance the kind of attractor.
///
/// The grid is that of a [`HeatMap`]; `None` is drawn grey.
#[derive(Clone, Debug)]
pub struct CategoryMap {
    pub(crate) x: Vec<f64>,
    pub(crate) y: Vec<f64>,
    pub(crate) kinds: Vec<Option<usize>>,
    pub(crate) names: Vec<(String, Color)>,
}

impl CategoryMap {
    /// A map of kinds; `kinds` are indices into `names`, whose colours are light tones of the palette.
    ///
    /// # Panics
    /// If `kinds` has not `x.len() * y.len()` entries.
    #[track_caller]
    pub fn new<S: Into<String>>(
        x: impl Into<Vec<f64>>,
        y: impl Into<Vec<f64>>,
        kinds: impl Into<Vec<Option<usize>>>,
        names: impl IntoIterator<Item = S>,
    ) -> CategoryMap {
        let (x, y, kinds) = (x.into(), y.into(), kinds.into());
        assert_eq!(kinds.len(), x.len() * y.len(), "a map needs one kind for every point of its grid");
        let names =
            names.into_iter().enumerate().map(|(i, name)| (name.into(), super::style::palette(i).lighter(0.45)));
        CategoryMap { x, y, kinds, names: names.collect() }
    }

    /// Sets the colours of the kinds, in order.
    pub fn colors(mut self, colors: &[Color]) -> CategoryMap {
        for (name, color) in self.names.iter_mut().zip(colors) {
            name.1 = *color;
        }
        self
    }
}

/// Lines of constant value of a quantity over a plane, without the map: a boundary over another map.
#[derive(Clone, Debug)]
pub struct Contour {
    pub(crate) x: Vec<f64>,
    pub(crate) y: Vec<f64>,
    pub(crate) z: Vec<f64>,
    pub(crate) level: f64,
    pub(crate) label: String,
    pub(crate) color: Color,
    pub(crate) dash: Dash,
}

impl Contour {
    /// The lines `z = level`; the grid is that of a [`HeatMap`]. The label stands in the legend.
    ///
    /// # Panics
    /// If `z` has not `x.len() * y.len()` values.
    #[track_caller]
    pub fn new(
        x: impl Into<Vec<f64>>,
        y: impl Into<Vec<f64>>,
        z: impl Into<Vec<f64>>,
        level: f64,
        label: impl Into<String>,
    ) -> Contour {
        let (x, y, z) = (x.into(), y.into(), z.into());
        assert_eq!(z.len(), x.len() * y.len(), "a contour needs one value for every point of its grid");
        Contour { x, y, z, level, label: label.into(), color: Color::BLACK, dash: Dash::Solid }
    }

    /// Sets the colour (black unless set).
    pub fn color(mut self, color: Color) -> Contour {
        self.color = color;
        self
    }

    /// Sets the pattern (unbroken unless set).
    pub fn dash(mut self, dash: Dash) -> Contour {
        self.dash = dash;
        self
    }
}

/// One thing that a panel shows.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Layer {
    /// Points or a line.
    Series(Series),
    /// An area between two curves.
    Band(Band),
    /// A straight line across.
    Reference(Reference),
    /// A shaded interval of x.
    Region(Region),
    /// A coloured map.
    HeatMap(HeatMap),
    /// A map of kinds.
    CategoryMap(CategoryMap),
    /// Contour lines.
    Contour(Contour),
}

macro_rules! layers {
    ($($name:ident),*) => { $(impl From<$name> for Layer {
        fn from(layer: $name) -> Layer {
            Layer::$name(layer)
        }
    })* };
}
layers!(Series, Band, Reference, Region, HeatMap, CategoryMap, Contour);

/// One pair of axes with what is drawn on it.
#[derive(Clone, Debug)]
pub struct Panel {
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) right: Option<Axis>,
    pub(crate) layers: Vec<Layer>,
    pub(crate) title: String,
    pub(crate) notes: Vec<String>,
    pub(crate) equal: bool,
    pub(crate) aspect: Option<f64>,
}

impl Panel {
    /// An empty panel.
    pub fn new(x: Axis, y: Axis) -> Panel {
        Panel { x, y, right: None, layers: vec![], title: String::new(), notes: vec![], equal: false, aspect: None }
    }

    /// Adds a layer. Maps lie lowest, then regions and bands, reference lines, series in the order in which they came,
    /// contour lines on top.
    pub fn with(mut self, layer: impl Into<Layer>) -> Panel {
        self.layers.push(layer.into());
        self
    }

    /// Gives the panel a second y axis on the right, for series that are [`Series::on_right`].
    pub fn right_axis(mut self, axis: Axis) -> Panel {
        self.right = Some(axis);
        self
    }

    /// A title above the panel.
    pub fn title(mut self, title: impl Into<String>) -> Panel {
        self.title = title.into();
        self
    }

    /// A remark inside the panel, placed where it hides nothing.
    pub fn note(mut self, note: impl Into<String>) -> Panel {
        self.notes.push(note.into());
        self
    }

    /// Makes a unit equally long on both axes: for orbits in phase space. The shorter range is widened.
    pub fn equal_aspect(mut self) -> Panel {
        self.equal = true;
        self
    }

    /// Height of the frame divided by its width (0.68 unless set; 1 for equal axes).
    pub fn aspect(mut self, ratio: f64) -> Panel {
        self.aspect = ratio.is_finite().then(|| ratio.clamp(0.1, 10.0));
        self
    }
}
