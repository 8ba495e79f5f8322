//! Draws a figure that has been laid out.

use super::axes::{axes, reference_leaders, reference_names};
use super::curves::{areas, band, bars, markers, pieces, places, reference_ends, region, series, y_view};
use super::layout::{BANNER_ROW, CAPTION_ROW, EDGE, LABEL, LETTER, Layout, Placed, STRIP, TICK, lay_out, set_within};
use super::legend::{Occupancy, SIZE};
use super::maps::{category_map, color_bar, contours, heat_map, levels};
use super::panel::{Contour, Layer};
use super::scale::Scale;
use super::style::Color;
use super::svg::{Anchor, Canvas, Paint, Rect, polyline};
use super::text::{CAP_HEIGHT, set};
use super::{Figure, FigureError};

const RED: Color = Color(170, 30, 20);

pub(crate) fn draw(figure: &Figure) -> Result<String, FigureError> {
    let letters = figure.panels.len() > 1;
    let layout = lay_out(figure, |p| {
        let (w, h) = p.legend.size();
        occupancy(p).place(w, h).is_some()
    });
    let mut canvas = Canvas::default();
    header(&mut canvas, &layout);
    for (i, p) in layout.panels.iter().enumerate() {
        panel(&mut canvas, p)?;
        if letters {
            let letter = set(&format!("({})", letter(i)), LETTER);
            canvas.text(&letter, (p.cell.x, p.frame.y - 3.5), Anchor::Start, 0.0, Color::BLACK);
        }
    }
    let mut y = layout.height - EDGE - CAPTION_ROW * layout.caption.len() as f64;
    for line in &layout.caption {
        canvas.text(line, (EDGE, y + 0.75 * CAPTION_ROW), Anchor::Start, 0.0, Color::BLACK);
        y += CAPTION_ROW;
    }
    let about: Vec<String> =
        figure.failed.iter().map(|f| format!("Check failed: {f}")).chain([figure.caption.clone()]).collect();
    let title = if figure.title.is_empty() { &figure.panels[0].title } else { &figure.title };
    Ok(canvas.finish(layout.width, layout.height, title, about.join("\n").trim(), &figure.provenance))
}

/// a, b, … z, aa, ab, …
fn letter(mut i: usize) -> String {
    let mut name = String::new();
    loop {
        name.insert(0, char::from(b'a' + (i % 26) as u8));
        if i < 26 {
            return name;
        }
        i = i / 26 - 1;
    }
}

fn header(canvas: &mut Canvas, layout: &Layout) {
    if !layout.banner.is_empty() {
        let frame = Rect { x: EDGE, y: EDGE, w: layout.width - 2.0 * EDGE, h: layout.banner_height() - 3.0 };
        let mut paint = Paint::fill(Color(253, 232, 228));
        paint.stroke = Some((RED, 0.7));
        canvas.rect(frame, &paint);
        for (i, line) in layout.banner.iter().enumerate() {
            canvas.text(
                line,
                (frame.x + 6.0, frame.y + BANNER_ROW * (i as f64 + 0.5) + 1.0 + 0.5 * CAP_HEIGHT * TICK),
                Anchor::Start,
                0.0,
                RED,
            );
        }
    }
    if let Some(title) = &layout.title {
        canvas.text(
            title,
            (0.5 * layout.width, EDGE + layout.banner_height() + 8.5),
            Anchor::Middle,
            0.0,
            Color::BLACK,
        );
    }
}

fn panel(canvas: &mut Canvas, p: &Placed) -> Result<(), FigureError> {
    canvas.open_clip(p.frame);
    let by_depth = |depth: fn(&Layer) -> bool| p.panel.layers.iter().zip(&p.colors).filter(move |(l, _)| depth(l));
    for (layer, color) in
        by_depth(|l| matches!(l, Layer::HeatMap(_) | Layer::CategoryMap(_) | Layer::Region(_) | Layer::Band(_)))
    {
        match layer {
            Layer::HeatMap(map) => heat_map(canvas, p, map)?,
            Layer::CategoryMap(map) => category_map(canvas, p, map)?,
            Layer::Region(r) => region(canvas, p, r),
            Layer::Band(b) => band(canvas, p, b, *color),
            _ => {}
        }
    }
    for (layer, color) in by_depth(|l| matches!(l, Layer::Reference(_))) {
        if let Layer::Reference(r) = layer
            && let Some((a, b)) = reference_ends(p, r)
        {
            canvas.line(a, b, &Paint::line(*color, 0.7).dashed(r.dash.pattern(0.7)).butt());
        }
    }
    for (layer, color) in by_depth(|l| matches!(l, Layer::Series(_))) {
        if let Layer::Series(s) = layer {
            series(canvas, p, s, *color);
        }
    }
    for (layer, color) in by_depth(|l| matches!(l, Layer::HeatMap(_) | Layer::Contour(_))) {
        match layer {
            Layer::HeatMap(map) => levels(canvas, p, map),
            Layer::Contour(Contour { x, y, z, level, dash, .. }) => {
                let paint = Paint::line(*color, 1.1).dashed(dash.pattern(1.1)).butt();
                for line in contours(p, (x, y, z), Scale::Linear, *level) {
                    canvas.path(&polyline(&line, false), &paint);
                }
            }
            _ => {}
        }
    }
    canvas.close_clip();
    reference_leaders(canvas, p);
    axes(canvas, p);
    color_bar(canvas, p);
    for (layer, color) in by_depth(|l| matches!(l, Layer::Series(_))) {
        if let Layer::Series(s) = layer {
            markers(canvas, p, s, *color);
        }
    }
    let mut taken = occupancy(p);
    reference_names(canvas, p, &mut taken);
    if !p.has_data {
        canvas.text(
            &set("no data", LABEL),
            (p.frame.x + 0.5 * p.frame.w, p.frame.y + 0.5 * p.frame.h + 3.0),
            Anchor::Middle,
            0.0,
            Color::GREY,
        );
    }
    if p.legend_above {
        let top = p.frame.y - p.strip_below_legend() - p.legend.height_above(p.frame.w);
        p.legend.draw_above(canvas, p.frame, top);
    } else {
        let (w, h) = p.legend.size();
        if let Some(place) = taken.place(w, h).filter(|_| !p.legend.is_empty()) {
            p.legend.draw_column(canvas, place);
            taken.mark_rect(place);
        }
    }
    for note in &p.panel.notes {
        let text = set_within(note, SIZE, p.frame.w - 10.0);
        let fallback = Rect { x: p.frame.x + 5.0, y: p.frame.y + 4.0, w: text.width, h: text.height() };
        let place = taken.place(text.width, text.height()).unwrap_or(fallback);
        canvas.text_with_halo(&text, (place.x, place.y + text.ascent), Anchor::Start, Color::BLACK);
        taken.mark_rect(place);
    }
    if !p.panel.title.is_empty() {
        let y = p.frame.y - 3.5 - p.name_rise - STRIP * p.name_rows as f64;
        canvas.text(
            &set_within(&p.panel.title, LABEL, p.frame.w),
            (p.frame.x + 0.5 * p.frame.w, y),
            Anchor::Middle,
            0.0,
            Color::BLACK,
        );
    }
    Ok(())
}
/// What the layers of a panel cover.
fn occupancy(p: &Placed) -> Occupancy {
    let mut taken = Occupancy::new(p.frame);
    for layer in &p.panel.layers {
        match layer {
            Layer::Series(s) => {
                if s.bars.is_some() {
                    bars(p, s).into_iter().for_each(|r| taken.mark_rect(r));
                }
                if s.line {
                    for piece in pieces(places(p, s), p.frame) {
                        piece.windows(2).for_each(|w| taken.mark_line(w[0], w[1]));
                    }
                }
                let half = 0.5 * s.marker_size;
                let y = y_view(p, s.right);
                for (k, (a, b)) in places(p, s).enumerate() {
                    if s.marker.is_some() && a.is_finite() && b.is_finite() {
                        taken.mark_rect(Rect { x: a - half, y: b - half, w: 2.0 * half, h: 2.0 * half });
                    }
                    if let Some((lower, upper)) = s.y_errors.get(k).map(|(l, u)| (y.at(*l), y.at(*u)))
                        && a.is_finite()
                        && lower.is_finite()
                        && upper.is_finite()
                    {
                        taken.mark_line((a, lower.clamp(-1e4, 1e4)), (a, upper.clamp(-1e4, 1e4)));
                    }
                    if let Some((lower, upper)) = s.x_errors.get(k).map(|(l, u)| (p.x.at(*l), p.x.at(*u)))
                        && b.is_finite()
                        && lower.is_finite()
                        && upper.is_finite()
                    {
                        taken.mark_line((lower.clamp(-1e4, 1e4), b), (upper.clamp(-1e4, 1e4), b));
                    }
                }
            }
            Layer::Band(b) => {
                for area in areas(p, b) {
                    // Upper and lower side have each other as closing lines; hatching them fills the inside.
                    let n = area.len();
                    for k in 0..n {
                        taken.mark_line(area[k], area[(k + 1) % n]);
                    }
                    for k in 0..n / 2 {
                        taken.mark_line(area[k], area[n - 1 - k]);
                    }
                }
            }
            Layer::Reference(r) => {
                if let Some((a, b)) = reference_ends(p, r) {
                    taken.mark_line(a, b);
                }
            }
            Layer::Region(_) => {}
            Layer::HeatMap(_) | Layer::CategoryMap(_) | Layer::Contour(_) => taken.mark_rect(p.frame),
        }
    }
    taken
}
