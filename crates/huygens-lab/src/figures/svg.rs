//! The drawing surface: a small SVG writer and its rasteriser. All lengths are points (1/72 inch), y downwards.

use super::FigureError;
use super::style::{Color, Shape};
use super::text::{Piece, SetText, Slant, outline};
use std::collections::BTreeSet;
use std::fmt::Write;

/// Where along its width a text is held.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// A rectangle; `y` is its upper side.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Rect {
    pub x: f64,
    pub y: f64,
    pub w: f64,
    pub h: f64,
}

impl Rect {
    pub fn right(&self) -> f64 {
        self.x + self.w
    }
    pub fn bottom(&self) -> f64 {
        self.y + self.h
    }
    pub fn grown(&self, by: f64) -> Rect {
        Rect { x: self.x - by, y: self.y - by, w: self.w + 2.0 * by, h: self.h + 2.0 * by }
    }
    pub fn contains(&self, x: f64, y: f64) -> bool {
        x >= self.x && x <= self.right() && y >= self.y && y <= self.bottom()
    }
}

/// How a path is drawn.
#[derive(Clone, Debug, Default)]
pub(crate) struct Paint {
    pub stroke: Option<(Color, f64)>,
    pub dash: Vec<f64>,
    pub fill: Option<Color>,
    pub opacity: Option<f64>,
    pub butt: bool,
}

impl Paint {
    pub fn line(color: Color, width: f64) -> Paint {
        Paint { stroke: Some((color, width)), ..Paint::default() }
    }
    pub fn fill(color: Color) -> Paint {
        Paint { fill: Some(color), ..Paint::default() }
    }
    pub fn dashed(mut self, pattern: Vec<f64>) -> Paint {
        self.dash = pattern;
        self
    }
    pub fn opacity(mut self, opacity: f64) -> Paint {
        self.opacity = Some(opacity);
        self
    }
    pub fn butt(mut self) -> Paint {
        self.butt = true;
        self
    }
    fn attributes(&self) -> String {
        let mut out = match self.fill {
            Some(color) => format!(" fill=\"{}\"", color.hex()),
            None => " fill=\"none\"".into(),
        };
        if let Some((color, width)) = self.stroke {
            let _ =
                write!(out, " stroke=\"{}\" stroke-width=\"{}\" stroke-linejoin=\"round\"", color.hex(), number(width));
            if self.dash.is_empty() && !self.butt {
                out.push_str(" stroke-linecap=\"round\"");
            }
            if !self.dash.is_empty() {
                let dash: Vec<String> = self.dash.iter().map(|d| number(*d)).collect();
                let _ = write!(out, " stroke-dasharray=\"{}\"", dash.join(" "));
            }
        }
        if let Some(opacity) = self.opacity {
            let _ = write!(out, " opacity=\"{}\"", number(opacity));
        }
        out
    }
}

/// A number with two decimals and no needless zeros. A number that is not finite must not reach a drawing.
fn number(v: f64) -> String {
    debug_assert!(v.is_finite(), "a coordinate of a drawing is not finite");
    let v = if v.is_finite() { v.clamp(-1e6, 1e6) } else { 0.0 };
    let text = format!("{v:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".into() } else { text.into() }
}

/// Text for XML: the five special characters replaced, characters that XML forbids left out.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' => out.push(c),
            c if c < ' ' || c == '\u{fffe}' || c == '\u{ffff}' => {}
            c => out.push(c),
        }
    }
    out
}

/// The data of a path through points.
pub(crate) fn polyline(points: &[(f64, f64)], closed: bool) -> String {
    let mut d = String::new();
    for (i, (x, y)) in points.iter().enumerate() {
        let _ = write!(d, "{}{} {}", if i == 0 { 'M' } else { 'L' }, number(*x), number(*y));
    }
    if closed && !points.is_empty() {
        d.push('Z');
    }
    d
}

/// A picture under construction.
#[derive(Default)]
pub(crate) struct Canvas {
    body: String,
    glyphs: BTreeSet<(Slant, u16)>,
}

impl Canvas {
    pub fn path(&mut self, data: &str, paint: &Paint) {
        if !data.is_empty() {
            let _ = writeln!(self.body, "<path d=\"{data}\"{}/>", paint.attributes());
        }
    }

    pub fn line(&mut self, a: (f64, f64), b: (f64, f64), paint: &Paint) {
        self.path(&polyline(&[a, b], false), paint);
    }

    pub fn rect(&mut self, r: Rect, paint: &Paint) {
        let _ = writeln!(
            self.body,
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"{}/>",
            number(r.x),
            number(r.y),
            number(r.w.max(0.0)),
            number(r.h.max(0.0)),
            paint.attributes()
        );
    }

    /// Opens a group of which only what lies in the rectangle is seen.
    pub fn open_clip(&mut self, r: Rect) {
        // A nested picture clips without an identifier that could clash when pictures share a page.
        let (x, y, w, h) = (number(r.x), number(r.y), number(r.w), number(r.h));
        let _ = writeln!(
            self.body,
            "<svg x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" viewBox=\"{x} {y} {w} {h}\" preserveAspectRatio=\"none\" overflow=\"hidden\">"
        );
    }

    pub fn close_clip(&mut self) {
        self.body.push_str("</svg>\n");
    }

    /// Many small filled circles as one path, to a tenth of a point: round ends of lines without length, each counted from the
    /// one before.
    pub fn cloud(&mut self, points: &[(f64, f64)], size: f64, color: Color) {
        let tenths = |v: f64| (10.0 * v).round() as i64;
        let mut places: Vec<(i64, i64)> = points.iter().map(|(x, y)| (tenths(*x), tenths(*y))).collect();
        places.sort_unstable();
        places.dedup();
        let mut d = String::new();
        let mut before = (0, 0);
        for place in places {
            let step = |to: i64, from: i64| number(0.1 * (to - from) as f64);
            let _ = write!(d, "m{} {}h0", step(place.0, before.0), step(place.1, before.1));
            before = place;
        }
        self.path(&d, &Paint::line(color, size + 0.8));
    }

    /// A marker; `open` ones are white inside.
    pub fn marker(&mut self, (x, y): (f64, f64), shape: Shape, size: f64, color: Color, open: bool) {
        let r = 0.5 * size;
        let fill = if open { Color::WHITE } else { color };
        let paint = Paint { stroke: Some((color, 0.8)), fill: Some(fill), ..Paint::default() };
        let corners =
            |points: &[(f64, f64)]| -> Vec<(f64, f64)> { points.iter().map(|(a, b)| (x + a * r, y + b * r)).collect() };
        match shape {
            Shape::Circle => {
                let _ = writeln!(
                    self.body,
                    "<circle cx=\"{}\" cy=\"{}\" r=\"{}\"{}/>",
                    number(x),
                    number(y),
                    number(r),
                    paint.attributes()
                );
            }
            Shape::Square => self.rect(Rect { x: x - 0.88 * r, y: y - 0.88 * r, w: 1.76 * r, h: 1.76 * r }, &paint),
            Shape::Triangle => self.path(&polyline(&corners(&[(0.0, -1.2), (1.1, 0.75), (-1.1, 0.75)]), true), &paint),
            Shape::Diamond => {
                self.path(&polyline(&corners(&[(0.0, -1.3), (1.1, 0.0), (0.0, 1.3), (-1.1, 0.0)]), true), &paint)
            }
            Shape::Cross | Shape::Plus => {
                let ends = if shape == Shape::Plus { [(1.1, 0.0), (0.0, 1.1)] } else { [(0.85, 0.85), (0.85, -0.85)] };
                for (a, b) in ends {
                    self.line((x - a * r, y - b * r), (x + a * r, y + b * r), &Paint::line(color, 1.1));
                }
            }
        }
    }

    /// A text whose base line passes through `(x, y)`, turned by `angle` degrees clockwise.
    pub fn text(&mut self, text: &SetText, at: (f64, f64), anchor: Anchor, angle: f64, color: Color) {
        self.text_painted(text, at, anchor, angle, color, 0.0);
    }

    /// A text with a white seam that keeps it readable on a picture.
    pub fn text_with_halo(&mut self, text: &SetText, at: (f64, f64), anchor: Anchor, color: Color) {
        self.text_painted(text, at, anchor, 0.0, Color::WHITE, 1.05);
        self.text_painted(text, at, anchor, 0.0, color, 0.0);
    }

    /// A text whose letters are thicker by `seam` on every side.
    fn text_painted(
        &mut self,
        text: &SetText,
        (x, y): (f64, f64),
        anchor: Anchor,
        angle: f64,
        color: Color,
        seam: f64,
    ) {
        let shift = match anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => -0.5 * text.width,
            Anchor::End => -text.width,
        };
        let turn = if angle == 0.0 { String::new() } else { format!(" rotate({})", number(angle)) };
        let color = color.hex();
        // The seam is there for the eye only.
        let label = if seam > 0.0 {
            "aria-hidden=\"true\"".to_string()
        } else {
            format!("role=\"img\" aria-label=\"{}\"", escape(&text.plain))
        };
        let place = format!("transform=\"translate({} {}){turn}\"", number(x), number(y));
        let _ = write!(self.body, "<g {label} fill=\"{color}\" {place}>");
        for piece in &text.pieces {
            match piece {
                Piece::Glyph { slant, id, x, y, size } => {
                    self.glyphs.insert((*slant, *id));
                    let stroke = if seam > 0.0 {
                        let width = number(2000.0 * seam / size);
                        format!(" stroke=\"{color}\" stroke-width=\"{width}\" stroke-linejoin=\"round\"")
                    } else {
                        String::new()
                    };
                    let _ = write!(
                        self.body,
                        "<use xlink:href=\"#{}\" transform=\"translate({} {}) scale({:.5})\"{stroke}/>",
                        name(*slant, *id),
                        number(x + shift),
                        number(*y),
                        size / 1000.0
                    );
                }
                Piece::Rule { x, y, width, height } => {
                    let _ = write!(
                        self.body,
                        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>",
                        number(x + shift - seam),
                        number(y - seam),
                        number(width + 2.0 * seam),
                        number(height + 2.0 * seam)
                    );
                }
                Piece::Stroke { points, width } => {
                    let points: Vec<(f64, f64)> = points.iter().map(|(a, b)| (a + shift, *b)).collect();
                    let _ = write!(
                        self.body,
                        "<path d=\"{}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"{}\"/>",
                        polyline(&points, false),
                        number(width + 2.0 * seam)
                    );
                }
            }
        }
        self.body.push_str("</g>\n");
    }

    /// A picture made of pixels, row by row from the top.
    pub fn image(&mut self, r: Rect, width: u32, height: u32, rgb: &[u8]) -> Result<(), FigureError> {
        let png = encode(rgb, width, height, None, "")?;
        let _ = writeln!(
            self.body,
            "<image x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" preserveAspectRatio=\"none\" xlink:href=\"data:image/png;base64,{}\"/>",
            number(r.x),
            number(r.y),
            number(r.w),
            number(r.h),
            base64(&png)
        );
        Ok(())
    }

    /// The finished picture. `about` is what readers by ear are told, `provenance` goes into the metadata.
    pub fn finish(self, width: f64, height: f64, title: &str, about: &str, provenance: &str) -> String {
        let (w_mm, h_mm) = (width * 25.4 / 72.0, height * 25.4 / 72.0);
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" width=\"{w_mm:.3}mm\" height=\"{h_mm:.3}mm\" viewBox=\"0 0 {} {}\">\n",
            number(width),
            number(height)
        );
        for (tag, text) in [("title", title), ("desc", about), ("metadata", provenance)] {
            if !text.is_empty() {
                let _ = writeln!(out, "<{tag}>{}</{tag}>", escape(text));
            }
        }
        out.push_str("<defs>\n");
        for (slant, id) in &self.glyphs {
            let _ = writeln!(out, "<path id=\"{}\" d=\"{}\"/>", name(*slant, *id), outline(*slant, *id));
        }
        out.push_str("</defs>\n");
        let _ = writeln!(out, "<rect width=\"{}\" height=\"{}\" fill=\"#ffffff\"/>", number(width), number(height));
        out.push_str(&self.body);
        out.push_str("</svg>\n");
        out
    }
}

/// The identifier of a glyph; equal in every picture, so that pictures on one page do not clash.
fn name(slant: Slant, id: u16) -> String {
    format!("hy-{}{id}", if slant == Slant::Upright { 'u' } else { 'i' })
}

/// Draws an SVG picture of ours as PNG with the given number of dots per inch, on white.
pub(crate) fn rasterise(svg: &str, dpi: f64, provenance: &str) -> Result<Vec<u8>, FigureError> {
    use resvg::{tiny_skia, usvg};
    let failed = |reason: String| FigureError::Raster { reason };
    let tree = usvg::Tree::from_str(svg, &usvg::Options::default()).map_err(|e| failed(e.to_string()))?;
    // usvg counts 96 pixels an inch.
    let (w, h) = (f64::from(tree.size().width()) * dpi / 96.0, f64::from(tree.size().height()) * dpi / 96.0);
    let (width, height) = (w.round().max(1.0) as u32, h.round().max(1.0) as u32);
    let mut pixmap = tiny_skia::Pixmap::new(width, height)
        .ok_or_else(|| failed(format!("a picture of {width} x {height} pixels is too large")))?;
    pixmap.fill(tiny_skia::Color::WHITE);
    let scale =
        tiny_skia::Transform::from_scale(width as f32 / tree.size().width(), height as f32 / tree.size().height());
    resvg::render(&tree, scale, &mut pixmap.as_mut());
    // Opaque throughout, so premultiplied colours are the colours.
    let rgb: Vec<u8> = pixmap.data().chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]).collect();
    encode(&rgb, width, height, Some(dpi), provenance)
}

fn encode(rgb: &[u8], width: u32, height: u32, dpi: Option<f64>, provenance: &str) -> Result<Vec<u8>, FigureError> {
    let mut out = vec![];
    let mut encoder = png::Encoder::new(&mut out, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    // Neighbouring rows are alike in maps and in drawings.
    encoder.set_filter(png::Filter::Up);
    if let Some(dpi) = dpi {
        let per_metre = (dpi / 0.0254).round() as u32;
        encoder.set_pixel_dims(Some(png::PixelDimensions { xppu: per_metre, yppu: per_metre, unit: png::Unit::Meter }));
    }
    let failed = |e: png::EncodingError| FigureError::Raster { reason: e.to_string() };
    if !provenance.is_empty() {
        encoder.add_itxt_chunk("Description".into(), provenance.into()).map_err(failed)?;
    }
    encoder.write_header().and_then(|mut w| w.write_image_data(rgb)).map_err(failed)?;
    Ok(out)
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = (0..3).fold(0u32, |word, i| word << 8 | u32::from(*chunk.get(i).unwrap_or(&0)));
        for i in 0..4 {
            let digit = DIGITS[(word >> (18 - 6 * i) & 63) as usize];
            out.push(if i <= chunk.len() { digit as char } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_of_known_texts() {
        assert_eq!(
            ["", "f", "fo", "foo", "foobar"].map(|s| base64(s.as_bytes())),
            ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYmFy"]
        );
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!([1.0, -0.001, 12.345, 100.0].map(number), ["1", "0", "12.35", "100"].map(String::from));
    }
}
