//! Colours, colour maps, dashes and marker shapes.

/// An opaque sRGB colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Color(pub u8, pub u8, pub u8);

impl Color {
    /// Black.
    pub const BLACK: Color = Color(0, 0, 0);
    /// White.
    pub const WHITE: Color = Color(255, 255, 255);
    /// The grey of reference lines and of secondary text.
    pub const GREY: Color = Color(110, 110, 110);
    /// The light grey of cells without a value.
    pub const MISSING: Color = Color(222, 222, 222);

    /// The colour as `#rrggbb`.
    pub fn hex(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }

    /// The colour mixed with white: `0` leaves it, `1` is white.
    pub fn lighter(self, amount: f64) -> Color {
        let mix = |c: u8| (f64::from(c) + (255.0 - f64::from(c)) * amount.clamp(0.0, 1.0)).round() as u8;
        Color(mix(self.0), mix(self.1), mix(self.2))
    }
}

/// The palette of series, in the order in which they take it: the colours of Okabe and Ito ("Color Universal
/// Design", 2008) without yellow, told apart under the common kinds of colour blindness and in grey print.
pub const PALETTE: [Color; 7] = [
    Color(0, 114, 178),
    Color(213, 94, 0),
    Color(0, 158, 115),
    Color(204, 121, 167),
    Color(86, 180, 233),
    Color(230, 159, 0),
    Color(0, 0, 0),
];

/// The `i`-th colour of [`PALETTE`], starting again after the last.
pub fn palette(i: usize) -> Color {
    PALETTE[i % PALETTE.len()]
}

/// How a number in `[0, 1]` becomes a colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorMap {
    /// Perceptually uniform, dark blue to yellow: the default.
    #[default]
    Viridis,
    /// Perceptually uniform and nearly the same to colour-blind eyes, blue to yellow.
    Cividis,
    /// Perceptually uniform, black through red to pale yellow.
    Inferno,
    /// Blue through white to red, for quantities with a sign: give it a range symmetric about zero.
    Diverging,
    /// Cyclic, of constant lightness in OKLab: for phases, whose two ends are the same.
    Phase,
}

impl ColorMap {
    /// The colour at `t`; values outside `[0, 1]` take the nearer end, a value that is not a number is
    /// [`Color::MISSING`].
    pub fn color(self, t: f64) -> Color {
        if t.is_nan() {
            return Color::MISSING;
        }
        let t = t.clamp(0.0, 1.0);
        let gradient = match self {
            ColorMap::Viridis => colorous::VIRIDIS,
            ColorMap::Cividis => colorous::CIVIDIS,
            ColorMap::Inferno => colorous::INFERNO,
            ColorMap::Diverging => {
                let c = colorous::RED_BLUE.eval_continuous(1.0 - t);
                return Color(c.r, c.g, c.b);
            }
            ColorMap::Phase => return oklab(0.72, 0.125, std::f64::consts::TAU * t),
        };
        let c = gradient.eval_continuous(t);
        Color(c.r, c.g, c.b)
    }
}

/// OKLab in cylindrical coordinates to sRGB (B. Ottosson, 2020).
fn oklab(lightness: f64, chroma: f64, hue: f64) -> Color {
    let (a, b) = (chroma * hue.cos(), chroma * hue.sin());
    let l = (lightness + 0.3963377774 * a + 0.2158037573 * b).powi(3);
    let m = (lightness - 0.1055613458 * a - 0.0638541728 * b).powi(3);
    let s = (lightness - 0.0894841775 * a - 1.2914855480 * b).powi(3);
    let encode = |x: f64| {
        let x = x.clamp(0.0, 1.0);
        let y = if x <= 0.0031308 { 12.92 * x } else { 1.055 * x.powf(1.0 / 2.4) - 0.055 };
        (255.0 * y).round() as u8
    };
    Color(
        encode(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
        encode(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
        encode(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s),
    )
}

/// The pattern of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dash {
    /// Unbroken.
    #[default]
    Solid,
    /// Dashes.
    Dashed,
    /// Dots.
    Dotted,
    /// Dash and dot in turn.
    DashDot,
}

impl Dash {
    /// The pattern in points for a line of the given width; empty for a solid line.
    pub(crate) fn pattern(self, width: f64) -> Vec<f64> {
        let unit = width.max(0.7);
        match self {
            Dash::Solid => vec![],
            Dash::Dashed => vec![4.0 * unit, 2.2 * unit],
            Dash::Dotted => vec![1.1 * unit, 1.6 * unit],
            Dash::DashDot => vec![5.0 * unit, 1.8 * unit, 1.1 * unit, 1.8 * unit],
        }
    }
}

/// The shape of a marker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// A disc.
    #[default]
    Circle,
    /// A square.
    Square,
    /// A triangle, point up.
    Triangle,
    /// A square on its corner.
    Diamond,
    /// A diagonal cross.
    Cross,
    /// An upright cross.
    Plus,
}
