//! Figures: pictures of results, good enough to print.
//!
//! A [`Figure`] is a grid of [`Panel`]s, a panel is a pair of [`Axis`] with layers: [`Series`], [`Band`]s,
//! [`Reference`] lines, [`Region`]s, [`HeatMap`]s, [`CategoryMap`]s and [`Contour`]s. It becomes SVG, and PNG at 300
//! dots per inch, in the widths of a journal: one column (86 mm) or two (178 mm). Letters are outlines of an embedded
//! font, so a figure looks the same on every machine; labels may hold formulas between dollar signs, `$\mu/\omega_1$`.
//!
//! A figure of a result of which a check failed must say so: [`Figure::failed_check`] puts a banner on it.
//!
//! ```
//! use huygens_lab::figures::{Axis, Figure, Panel, Reference, Series, Width};
//! # fn main() -> Result<(), huygens_lab::figures::FigureError> {
//! let mu: Vec<f64> = (1..=100).map(|i| 1e-3 * f64::from(i)).collect();
//! let sync: Vec<f64> = mu.iter().map(|m| m / (m + 0.02)).collect();
//! let panel = Panel::new(Axis::linear(r"Coupling $\mu/\omega_1$"), Axis::linear("$S_c$"))
//!     .with(Reference::x(0.0779, "NS"))
//!     .with(Series::line(mu, sync));
//! let svg = Figure::new(Width::Single).panel(panel).svg()?;
//! assert!(svg.starts_with("<svg"));
//! # Ok(())
//! # }
//! ```
//!
//! # Why an own drawing layer
//!
//! No plotting crate looked at draws all of this. plotters 0.3 takes its fonts from the system and has no minor ticks;
//! kuva 0.6 lets cells and contour lines disagree on a logarithmic axis; plotkit 1.0 writes SVG text in the reader's
//! fonts and cannot embed a picture in it; velociplot 0.1 draws no contour lines. What libraries do better is theirs: fonts
//! (`dejavu`, `ttf-parser`), colour maps (`colorous`), pixels (`resvg`, `png`). The licence of the font
//! is in `fonts/LICENSE-DejaVu.txt`.

mod axes;
mod contour;
mod curves;
mod draw;
mod layout;
mod legend;
mod maps;
mod panel;
mod scale;
mod style;
mod svg;
mod text;

pub use contour::contour_lines;
pub use panel::{Band, CategoryMap, Contour, HeatMap, Layer, Panel, Reference, Region, Series};
pub use scale::{Axis, Scale, Ticks, linear_ticks, log_ticks};
pub use style::{Color, ColorMap, Dash, PALETTE, Shape, palette};

use std::path::{Path, PathBuf};

/// Why a figure could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FigureError {
    /// A figure was asked for without any panel.
    #[error("a figure needs at least one panel; add one with `Figure::panel`")]
    NoPanels,
    /// The picture could not be turned into pixels.
    #[error("the figure could not be drawn as pixels: {reason}; the SVG form does not need this step")]
    Raster {
        /// What the rasteriser said.
        reason: String,
    },
    /// A file could not be written.
    #[error("cannot write the figure to {}: {source}; check that the folder exists and may be written to", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Width of a figure on the page.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Width {
    /// One column of a two-column journal: 86 mm.
    #[default]
    Single,
    /// Both columns: 178 mm.
    Double,
    /// Any width in millimetres, from 30 to 1000.
    Millimetres(f64),
}

impl Width {
    /// The width in points (1/72 inch).
    fn points(self) -> f64 {
        let mm = match self {
            Width::Single => 86.0,
            Width::Double => 178.0,
            Width::Millimetres(mm) if mm.is_finite() => mm.clamp(30.0, 1000.0),
            Width::Millimetres(_) => 86.0,
        };
        mm / 25.4 * 72.0
    }
}

/// A figure: panels in a grid, with what belongs to all of them.
#[derive(Clone, Debug)]
pub struct Figure {
    width: Width,
    columns: usize,
    panels: Vec<Panel>,
    title: String,
    caption: String,
    failed: Vec<String>,
    provenance: String,
    height: Option<f64>,
    dpi: f64,
}

impl Figure {
    /// An empty figure. Panels are put side by side over two columns, one above the other in one column, unless
    /// [`Figure::columns`] says otherwise.
    pub fn new(width: Width) -> Figure {
        Figure {
            width,
            columns: if width.points() > 350.0 { 2 } else { 1 },
            panels: vec![],
            title: String::new(),
            caption: String::new(),
            failed: vec![],
            provenance: String::new(),
            height: None,
            dpi: 300.0,
        }
    }

    /// Adds a panel. Several panels get the letters (a), (b), … row by row.
    pub fn panel(mut self, panel: Panel) -> Figure {
        self.panels.push(panel);
        self
    }

    /// Sets the number of panels in a row.
    pub fn columns(mut self, columns: usize) -> Figure {
        self.columns = columns.max(1);
        self
    }

    /// A title above everything.
    pub fn title(mut self, title: impl Into<String>) -> Figure {
        self.title = title.into();
        self
    }

    /// A caption below everything, wrapped to the width.
    pub fn caption(mut self, caption: impl Into<String>) -> Figure {
        self.caption = caption.into();
        self
    }

    /// Marks the figure: a check of the result failed. The text names the check and its number; several are listed.
    pub fn failed_check(mut self, check: impl Into<String>) -> Figure {
        self.failed.push(check.into());
        self
    }

    /// What the figure was computed from: kept in the metadata of both file forms, not drawn.
    pub fn provenance(mut self, text: impl Into<String>) -> Figure {
        self.provenance = text.into();
        self
    }

    /// Fixes the height of the whole figure in millimetres instead of deriving it from the shapes of the panels.
    pub fn height(mut self, millimetres: f64) -> Figure {
        self.height = millimetres.is_finite().then(|| millimetres.clamp(20.0, 2000.0) / 25.4 * 72.0);
        self
    }

    /// Sets the resolution of the PNG form, 300 dots per inch unless set.
    pub fn dpi(mut self, dpi: f64) -> Figure {
        self.dpi = if dpi.is_finite() { dpi.clamp(20.0, 2400.0) } else { 300.0 };
        self
    }

    /// The figure as SVG.
    ///
    /// # Errors
    /// [`FigureError::NoPanels`].
    pub fn svg(&self) -> Result<String, FigureError> {
        if self.panels.is_empty() {
            return Err(FigureError::NoPanels);
        }
        draw::draw(self)
    }

    /// The figure as PNG, drawn from its SVG form.
    ///
    /// # Errors
    /// [`FigureError::NoPanels`], or [`FigureError::Raster`] if it has too many pixels.
    pub fn png(&self) -> Result<Vec<u8>, FigureError> {
        svg::rasterise(&self.svg()?, self.dpi, &self.provenance)
    }

    /// Writes `stem.svg` and `stem.png` into a folder, which is made if need be, and returns both paths.
    ///
    /// # Errors
    /// Those of [`Figure::png`], and [`FigureError::Write`].
    pub fn save(&self, folder: &Path, stem: &str) -> Result<[PathBuf; 2], FigureError> {
        let svg = self.svg()?;
        let png = svg::rasterise(&svg, self.dpi, &self.provenance)?;
        let write = |path: PathBuf, bytes: &[u8]| match std::fs::write(&path, bytes) {
            Ok(()) => Ok(path),
            Err(source) => Err(FigureError::Write { path, source }),
        };
        std::fs::create_dir_all(folder).map_err(|source| FigureError::Write { path: folder.into(), source })?;
        Ok([
            write(folder.join(format!("{stem}.svg")), svg.as_bytes())?,
            write(folder.join(format!("{stem}.png")), &png)?,
        ])
    }
}
