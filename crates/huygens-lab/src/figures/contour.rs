//! Contour lines of a function on a rectangular grid.

use std::collections::BTreeMap;

/// An edge of the grid: its lower corner and whether it runs along x.
type Edge = (usize, usize, bool);

/// The lines on which `z = level`, as polylines; closed ones end where they begin.
///
/// Marching squares: `z[j * x.len() + i]` is the value at `(x[i], y[j])`. A point of a line is where the linear
/// interpolation along an edge of the grid takes the level, so it is exact for functions linear along the edges and
/// second order in the spacing otherwise. In a saddle cell the mean of the corners decides which branches join. Cells
/// with a corner that is not finite are left out. Interpolate in the coordinates in which the picture is uniform (on a
/// logarithmic axis the logarithm), then lines and cells agree.
///
/// # Panics
/// If `z` has not `x.len() * y.len()` values.
#[track_caller]
pub fn contour_lines(x: &[f64], y: &[f64], z: &[f64], level: f64) -> Vec<Vec<[f64; 2]>> {
    assert_eq!(z.len(), x.len() * y.len(), "a value for every point of the grid");
    let value = |i: usize, j: usize| z[j * x.len() + i];
    let mut links: BTreeMap<Edge, Vec<Edge>> = BTreeMap::new();
    let mut link = |a: Edge, b: Edge| {
        links.entry(a).or_default().push(b);
        links.entry(b).or_default().push(a);
    };
    for j in 0..y.len().saturating_sub(1) {
        for i in 0..x.len().saturating_sub(1) {
            let corners = [value(i, j), value(i + 1, j), value(i + 1, j + 1), value(i, j + 1)];
            if corners.iter().any(|c| !c.is_finite()) {
                continue;
            }
            let above = corners.map(|c| c >= level);
            let (south, east, north, west) = ((i, j, true), (i + 1, j, false), (i, j + 1, true), (i, j, false));
            let edges = [south, east, north, west];
            let crossed: Vec<Edge> = (0..4).filter(|&e| above[e] != above[(e + 1) % 4]).map(|e| edges[e]).collect();
            match crossed[..] {
                [a, b] => link(a, b),
                [_, _, _, _] => {
                    let centre = 0.25 * corners.iter().sum::<f64>() >= level;
                    // The centre joins the two corners that lie on its side of the level.
                    if centre == above[0] {
                        link(south, east);
                        link(north, west);
                    } else {
                        link(south, west);
                        link(north, east);
                    }
                }
                _ => {}
            }
        }
    }
    let point = |(i, j, along_x): Edge| {
        let (k, l) = if along_x { (i + 1, j) } else { (i, j + 1) };
        let (a, b) = (value(i, j), value(k, l));
        let t = (level - a) / (b - a);
        // Values near the end of the floating-point range can overflow.
        let t = if t.is_finite() { t.clamp(0.0, 1.0) } else { 0.5 };
        [x[i] + t * (x[k] - x[i]), y[j] + t * (y[l] - y[j])]
    };
    let mut lines = vec![];
    // Open lines from their ends first, then what is left: closed ones.
    for ends_only in [true, false] {
        let starts: Vec<Edge> =
            links.iter().filter(|(_, to)| !to.is_empty() && (!ends_only || to.len() == 1)).map(|(e, _)| *e).collect();
        for start in starts {
            let mut at = start;
            let mut line = vec![point(at)];
            while let Some(next) = links.get_mut(&at).and_then(Vec::pop) {
                if let Some(back) = links.get_mut(&next)
                    && let Some(k) = back.iter().position(|e| *e == at)
                {
                    back.swap_remove(k);
                }
                line.push(point(next));
                at = next;
            }
            if line.len() > 1 {
                lines.push(line);
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(n: usize, from: f64, to: f64) -> Vec<f64> {
        (0..n).map(|i| from + (to - from) * i as f64 / (n - 1) as f64).collect()
    }

    fn sample(x: &[f64], y: &[f64], f: impl Fn(f64, f64) -> f64) -> Vec<f64> {
        y.iter().flat_map(|b| x.iter().map(|a| f(*a, *b)).collect::<Vec<_>>()).collect()
    }

    #[test]
    fn exact_for_a_plane_on_an_uneven_grid() {
        let (x, y) = (vec![-1.0, -0.3, 0.1, 0.9, 2.0], vec![0.0, 0.4, 0.5, 1.7]);
        let lines = contour_lines(&x, &y, &sample(&x, &y, |x, y| 2.0 * x - 3.0 * y + 0.5), 0.25);
        assert_eq!(lines.len(), 1);
        for [x, y] in &lines[0] {
            assert!((2.0 * x - 3.0 * y + 0.5 - 0.25).abs() < 1e-14);
        }
    }

    #[test]
    fn exact_on_edges_for_a_product() {
        let (x, y) = (grid(7, 0.5, 3.0), grid(9, 0.5, 2.5));
        for line in contour_lines(&x, &y, &sample(&x, &y, |x, y| x * y), 2.0) {
            for [x, y] in line {
                assert!((x * y - 2.0).abs() < 1e-14);
            }
        }
    }

    #[test]
    fn a_circle_is_one_closed_line_of_second_order() {
        let error = |n: usize| {
            let x = grid(n, -1.5, 1.5);
            let lines = contour_lines(&x, &x, &sample(&x, &x, |x, y| x * x + y * y), 1.0);
            assert_eq!(lines.len(), 1);
            assert_eq!(lines[0].first(), lines[0].last());
            lines[0].iter().map(|[x, y]| (x.hypot(*y) - 1.0).abs()).fold(0.0, f64::max)
        };
        let ratio = error(41) / error(161);
        assert!((10.0..25.0).contains(&ratio), "16 for second order, got {ratio}");
    }

    #[test]
    fn a_saddle_joins_through_the_side_of_its_mean() {
        let (x, y) = (vec![0.0, 1.0], vec![0.0, 1.0]);
        let cut_corners = |lines: &[Vec<[f64; 2]>], low: bool| {
            lines.len() == 2
                && lines.iter().all(|l| l.iter().all(|[a, b]| if low { a + b < 0.75 || a + b > 1.25 } else { true }))
        };
        // Corners 1, 0, 1, 0 around; mean 0.5 is above 0.4: the high corners are joined, the low ones cut off.
        let lines = contour_lines(&x, &y, &[1.0, 0.0, 0.0, 1.0], 0.4);
        assert_eq!(lines.len(), 2);
        assert!(lines.iter().all(|l| l.iter().all(|[a, b]| (a - b).abs() > 0.3)));
        let lines = contour_lines(&x, &y, &[1.0, 0.0, 0.0, 1.0], 0.6);
        assert!(cut_corners(&lines, true), "{lines:?}");
    }

    #[test]
    fn holes_and_constants_give_no_lines_there() {
        let x = grid(5, 0.0, 1.0);
        let mut z = sample(&x, &x, |x, _| x);
        z[12] = f64::NAN;
        let lines = contour_lines(&x, &x, &z, 0.6);
        assert!(lines.iter().flatten().flatten().all(|v| v.is_finite()));
        assert_eq!(lines.len(), 2, "the line is interrupted at the hole");
        assert!(contour_lines(&x, &x, &[1.0; 25], 1.0).is_empty());
        assert!(contour_lines(&[], &[], &[], 1.0).is_empty());
    }
}
