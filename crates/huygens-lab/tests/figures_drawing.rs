//! Figures as files: well-formed, finite, complete, whatever the data.

use huygens_lab::figures::{
    Axis, Band, CategoryMap, Contour, Dash, Figure, FigureError, HeatMap, Panel, Reference, Region, Series, Shape,
    Width,
};
use proptest::prelude::*;
use resvg::usvg::{Options, Tree};

/// Parses a picture as a viewer would and looks at every number of its paths and places.
fn inspect(svg: &str) -> Tree {
    let tree = Tree::from_str(svg, &Options::default()).expect("well-formed");
    // Letters of an embedded picture spell anything: what stands between its `base64,` and the next quote is no number.
    let (first, rest) = svg.split_once("base64,").unwrap_or((svg, ""));
    let numbers = rest.split("base64,").map(|piece| piece.split_once('"').map_or("", |(_, after)| after));
    for text in std::iter::once(first).chain(numbers) {
        assert!(!text.contains("NaN") && !text.contains("inf"), "a coordinate is not finite");
    }
    tree
}

fn paths_with_stroke<'a>(svg: &'a str, color: &str) -> Vec<&'a str> {
    let stroke = format!("stroke=\"{color}\"");
    svg.lines().filter(|l| l.starts_with("<path d=") && l.contains(&stroke)).collect()
}

fn numbers(path: &str) -> Vec<f64> {
    let data = path.split('"').nth(1).expect("path data");
    data.split(|c: char| c == ' ' || c.is_ascii_alphabetic())
        .filter(|s| !s.is_empty())
        .map(|s| s.parse().expect("a number"))
        .collect()
}

const BLUE: &str = "#0072b2";

fn one(panel: Panel) -> String {
    Figure::new(Width::Single).panel(panel).svg().expect("a figure")
}

fn plain() -> Panel {
    Panel::new(Axis::linear("x"), Axis::linear("y"))
}

#[test]
fn widths_are_those_of_a_journal_at_300_dots_per_inch() {
    for (width, pixels) in [(Width::Single, 1016), (Width::Double, 2102), (Width::Millimetres(25.4 * 3.0), 900)] {
        let figure = Figure::new(width).panel(plain().with(Series::line([0.0, 1.0], [0.0, 1.0])));
        let png = figure.png().expect("pixels");
        let decoder = png::Decoder::new(std::io::Cursor::new(&png));
        let reader = decoder.read_info().expect("PNG");
        assert_eq!(reader.info().width, pixels);
        let dims = reader.info().pixel_dims.expect("resolution");
        assert_eq!(dims.xppu, 11811);
    }
}

#[test]
fn a_value_that_is_not_finite_breaks_the_line() {
    let x: Vec<f64> = (0..9).map(f64::from).collect();
    let y = vec![0.0, 1.0, 2.0, f64::NAN, 1.0, 0.5, f64::INFINITY, 2.0, 1.0];
    let svg = one(plain().with(Series::line(x.clone(), y.clone())));
    inspect(&svg);
    assert_eq!(paths_with_stroke(&svg, BLUE).len(), 3);
    // On a logarithmic axis zero has no place.
    let svg = one(Panel::new(Axis::linear("x"), Axis::log("y")).with(Series::line(x, y)));
    inspect(&svg);
    assert_eq!(paths_with_stroke(&svg, BLUE).len(), 3);
    assert_eq!(numbers(paths_with_stroke(&svg, BLUE)[0]).len(), 4, "the first point is not positive");
}

#[test]
fn lines_are_cut_at_the_frame_with_their_slope() {
    let panel = Panel::new(Axis::linear("").range(0.0, 1.0), Axis::linear("").range(0.0, 1.0));
    let far = one(panel.clone().with(Series::line([-1e9, 1e9], [-1e9, 1e9])));
    inspect(&far);
    let n = numbers(paths_with_stroke(&far, BLUE)[0]);
    assert!(n.iter().all(|v| v.abs() < 1000.0));
    let inside = one(panel.with(Series::line([0.0, 1.0], [0.0, 1.0])));
    let m = numbers(paths_with_stroke(&inside, BLUE)[0]);
    let slope = |n: &[f64]| (n[3] - n[1]) / (n[2] - n[0]);
    assert!((slope(&n) - slope(&m)).abs() < 1e-3, "{n:?} {m:?}");
}

#[test]
fn nothing_to_show_is_said() {
    let none: Vec<f64> = vec![];
    let nan = vec![f64::NAN; 3];
    for panel in [
        plain(),
        plain().with(Series::line(none.clone(), none.clone())).with(Band::new(
            none.clone(),
            none.clone(),
            none.clone(),
        )),
        plain().with(Series::points(nan.clone(), nan.clone()).errors(&[1.0, 1.0, 1.0])),
        plain().with(HeatMap::new(none.clone(), none.clone(), none.clone(), Axis::linear("z")).contours(&[0.0])),
        plain().with(CategoryMap::new(none.clone(), vec![1.0], vec![], ["a"])),
        Panel::new(Axis::log("x"), Axis::log("y")).with(Series::bars([-1.0, -2.0], [0.0, -1.0], 0.5)),
    ] {
        let svg = one(panel);
        inspect(&svg);
        assert!(svg.contains("aria-label=\"no data\""));
    }
    assert!(matches!(Figure::new(Width::Single).svg(), Err(FigureError::NoPanels)));
}

#[test]
fn a_failed_check_is_written_on_the_figure() {
    let panel = plain().with(Series::line([0.0, 1.0], [0.0, 1.0]));
    let svg = Figure::new(Width::Single)
        .panel(panel.clone())
        .failed_check("uncertainty: 0.31 < 1/2 & more")
        .svg()
        .expect("svg");
    inspect(&svg);
    assert!(svg.contains("aria-label=\"Check failed: uncertainty: 0.31 &lt; 1/2 &amp; more\""));
    let clean = Figure::new(Width::Single).panel(panel).svg().expect("svg");
    assert!(!clean.contains("Check failed"));
}

#[test]
fn text_is_outlines_and_any_text_is_safe() {
    let odd = "<&>\"'\u{0}\u{1f}\u{fffe}]]> $\\frac{a}{b}_{<}$ 漢 \u{1F600}";
    let svg = Figure::new(Width::Single)
        .panel(
            Panel::new(Axis::linear(odd), Axis::log(odd))
                .title(odd)
                .note(odd)
                .with(Series::line([0.0, 1.0], [1.0, 2.0]).label(odd))
                .with(Reference::x(0.5, odd)),
        )
        .title(odd)
        .caption(odd)
        .provenance(odd)
        .failed_check(odd)
        .svg()
        .expect("svg");
    inspect(&svg);
    assert!(!svg.contains("<text") && !svg.contains("font-family"));
}

#[test]
fn a_long_series_keeps_its_extremes_and_not_its_size() {
    let n = 500_000;
    let x: Vec<f64> = (0..n).map(f64::from).collect();
    let mut y: Vec<f64> = x.iter().map(|t| (0.37 * t).sin()).collect();
    y[123_456] = 5.0;
    let svg = one(Panel::new(Axis::linear(""), Axis::linear("").range(-6.0, 6.0)).with(Series::line(x, y)));
    assert!(svg.len() < 400_000, "{} bytes", svg.len());
    let n = numbers(paths_with_stroke(&svg, BLUE)[0]);
    let heights: Vec<f64> = n.iter().skip(1).step_by(2).copied().collect();
    let (top, mean) =
        (heights.iter().copied().fold(f64::MAX, f64::min), heights.iter().sum::<f64>() / heights.len() as f64);
    let lowest = heights.iter().copied().fold(0.0, f64::max);
    assert!(((mean - top) / (lowest - mean) - 5.0).abs() < 0.15, "the spike is five times as high as the waves");
}

#[test]
fn a_circle_is_round_on_equal_axes() {
    let t: Vec<f64> = (0..=200).map(|i| std::f64::consts::TAU * f64::from(i) / 200.0).collect();
    let (x, y): (Vec<f64>, Vec<f64>) = t.iter().map(|t| (t.cos(), t.sin())).unzip();
    for aspect in [0.5, 1.0, 1.6] {
        let svg = one(plain().with(Series::line(x.clone(), y.clone()).arrows(4)).equal_aspect().aspect(aspect));
        let n = numbers(paths_with_stroke(&svg, BLUE)[0]);
        let extent = |offset: usize| {
            let v: Vec<f64> = n.iter().skip(offset).step_by(2).copied().collect();
            v.iter().copied().fold(f64::MIN, f64::max) - v.iter().copied().fold(f64::MAX, f64::min)
        };
        assert!((extent(0) / extent(1) - 1.0).abs() < 0.005, "{} by {}", extent(0), extent(1));
    }
}

#[test]
fn contour_and_cells_agree_on_a_logarithmic_axis() {
    // z = log10(y) - x, so the level 0 is the straight line from corner to corner.
    let x: Vec<f64> = (0..=10).map(|i| -2.0 + 0.2 * f64::from(i)).collect();
    let y: Vec<f64> = x.iter().map(|v| 10f64.powf(*v)).collect();
    let z: Vec<f64> = x.iter().flat_map(|b| x.iter().map(|a| b - a).collect::<Vec<_>>()).collect();
    let ends = Series::line([x[0], x[10]], [y[0], y[10]]);
    let diagonal = Contour::new(x, y, z, 0.0, "diagonal");
    let svg = one(Panel::new(Axis::linear("x"), Axis::log("y")).with(ends).with(diagonal));
    inspect(&svg);
    let length = |p: &str| {
        let n = numbers(p);
        (n[n.len() - 2] - n[0]).hypot(n[n.len() - 1] - n[1])
    };
    let black: Vec<&str> = paths_with_stroke(&svg, "#000000")
        .into_iter()
        .filter(|p| p.contains("stroke-width=\"1.1\"") && length(p) > 50.0)
        .collect();
    assert_eq!(black.len(), 1);
    // Of a straight line few points remain; between the ends in the corner cells they lie on the line that a series draws.
    let (n, line) = (numbers(black[0]), numbers(paths_with_stroke(&svg, BLUE)[0]));
    assert!((8..=12).contains(&n.len()), "{n:?}");
    let (a, b) = ((line[0], line[1]), (line[2], line[3]));
    for p in n[2..n.len() - 2].chunks(2) {
        let off = (p[0] - a.0) * (b.1 - a.1) - (p[1] - a.1) * (b.0 - a.0);
        assert!(off.abs() / (b.0 - a.0).hypot(b.1 - a.1) < 0.05, "on the diagonal: {p:?}");
    }
}

#[test]
fn cells_have_the_colours_of_their_values() {
    let bar = Axis::linear("z").range(0.0, 1.0);
    let figure = Figure::new(Width::Single)
        .panel(plain().with(HeatMap::new([0.0, 1.0], [0.0, 1.0], [0.0, 1.0, f64::NAN, 0.5], bar)))
        .dpi(72.0);
    let svg = figure.svg().expect("svg");
    assert!(svg.contains("no value"), "missing cells are named");
    let png = figure.png().expect("png");
    let mut reader = png::Decoder::new(std::io::Cursor::new(&png)).read_info().expect("PNG");
    let (w, h) = (reader.info().width as usize, reader.info().height as usize);
    let mut pixels = vec![0; w * h * 3];
    reader.next_frame(&mut pixels).expect("frame");
    let at = |x: f64, y: f64| {
        let k = 3 * ((y * h as f64) as usize * w + (x * w as f64) as usize);
        [pixels[k], pixels[k + 1], pixels[k + 2]]
    };
    assert_eq!(at(0.25, 0.65), [68, 1, 84]);
    assert_eq!(at(0.25, 0.3), [222, 222, 222]);
    let yellow = at(0.6, 0.65);
    assert!(yellow[0] > 240 && yellow[1] > 220 && yellow[2] < 60, "{yellow:?}");
}

#[test]
fn files_are_written_and_failures_say_where() {
    let dir = tempfile::tempdir().expect("a folder");
    let figure = Figure::new(Width::Single).panel(plain().with(Series::line([0.0, 1.0], [0.0, 1.0])));
    let [svg, png] = figure.save(&dir.path().join("new/folder"), "name").expect("saved");
    assert_eq!(std::fs::read_to_string(svg).expect("svg"), figure.svg().expect("svg"), "the same every time");
    assert!(std::fs::read(png).expect("png").starts_with(b"\x89PNG"));
    let file = dir.path().join("file");
    std::fs::write(&file, "").expect("written");
    let error = figure.save(&file, "name").expect_err("a file is no folder").to_string();
    assert!(error.contains("file") && error.contains("cannot write"), "{error}");
}

fn any_value() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => -10.0f64..10.0,
        1 => prop::num::f64::ANY,
        1 => Just(0.0),
        1 => (-300.0f64..300.0).prop_map(|e| 10f64.powf(e)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_data_give_a_well_formed_finite_picture(
        x in prop::collection::vec(any_value(), 0..12),
        y in prop::collection::vec(any_value(), 0..12),
        z in prop::collection::vec(any_value(), 12),
        at in any_value(),
        log_x in any::<bool>(),
        log_y in any::<bool>(),
        equal in any::<bool>(),
    ) {
        let axis = |log: bool| if log { Axis::log("$x_1$") } else { Axis::linear("$x_1$") };
        let mut panel = Panel::new(axis(log_x), axis(log_y))
            .right_axis(axis(log_x))
            .with(Region::new(at, f64::INFINITY, "region"))
            .with(Reference::x(at, "NS"))
            .with(Reference::y(at, "bound"))
            .with(Band::new(x.clone(), y.clone(), z.clone()))
            .with(Series::line(x.clone(), y.clone()).arrows(2).dash(Dash::Dashed).label("line"))
            .with(Series::points(y.clone(), x.clone()).marker(Shape::Diamond).errors(&z).x_errors(&y).label("points"))
            .with(Series::bars(x.clone(), z.clone(), at).on_right());
        if equal {
            panel = panel.equal_aspect();
        }
        inspect(&one(panel));
        let map = Panel::new(axis(log_x), axis(log_y))
            .with(HeatMap::new(z[..4].to_vec(), z[4..7].to_vec(), z.clone(), axis(log_y)).contours(&[at, 0.5]))
            .with(Contour::new(z[..4].to_vec(), z[4..7].to_vec(), z.clone(), at, "contour"))
            .with(Series::line(x, y));
        inspect(&Figure::new(Width::Millimetres(40.0)).panel(map).svg().expect("a figure"));
    }
}
