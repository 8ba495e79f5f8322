//! Convex hulls of points in the plane.

use std::cmp::Ordering;

/// Twice the area of the triangle a, b, c; positive where c lies left of the line from a to b.
fn turn(a: [f64; 2], b: [f64; 2], c: [f64; 2]) -> f64 {
    (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
}

/// Indices of the finite points, by x, then by y, each place once.
fn sorted(points: &[[f64; 2]]) -> Vec<usize> {
    let mut order: Vec<usize> =
        (0..points.len()).filter(|&k| points[k][0].is_finite() && points[k][1].is_finite()).collect();
    order.sort_unstable_by(|&i, &j| match points[i][0].total_cmp(&points[j][0]) {
        Ordering::Equal => points[i][1].total_cmp(&points[j][1]).then(i.cmp(&j)),
        unequal => unequal,
    });
    order.dedup_by_key(|k| points[*k]);
    order
}

/// The chain of the sorted points that turns left at every corner.
fn chain(points: &[[f64; 2]], order: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut chain: Vec<usize> = Vec::new();
    for k in order {
        while let [.., a, b] = chain[..]
            && turn(points[a], points[b], points[k]) <= 0.0
        {
            chain.pop();
        }
        chain.push(k);
    }
    chain
}

/// The corners of the convex hull, counter-clockwise from the leftmost one, as indices into `points`; points on an edge are no
/// corners, and points that are not finite are left out. Andrew's monotone chain (Inf. Proc. Lett. 9, 216 (1979)), O(n log n).
///
/// ```
/// use huygens_numerics::hull::convex_hull;
/// assert_eq!(convex_hull(&[[0.0, 0.0], [1.0, 1.0], [2.0, 0.0], [1.0, 3.0]]), [0, 2, 3]);
/// ```
pub fn convex_hull(points: &[[f64; 2]]) -> Vec<usize> {
    let order = sorted(points);
    let mut lower = chain(points, order.iter().copied());
    let upper = chain(points, order.iter().rev().copied());
    if upper.len() > 2 {
        lower.extend_from_slice(&upper[1..upper.len() - 1]);
    }
    lower
}

/// The lower side of the convex hull, from left to right, as points; of points above one another at the left end the lowest.
pub fn lower_hull(points: &[[f64; 2]]) -> Vec<[f64; 2]> {
    let mut corners: Vec<[f64; 2]> = chain(points, sorted(points).into_iter()).into_iter().map(|k| points[k]).collect();
    // A vertical edge at the right end is no part of the lower side.
    if let [.., a, b] = corners[..]
        && a[0] == b[0]
    {
        corners.pop();
    }
    corners
}

/// Height at x of the polygonal line through `corners`, sorted by x; `None` outside.
pub fn height(corners: &[[f64; 2]], x: f64) -> Option<f64> {
    let right = corners.partition_point(|c| c[0] < x);
    let b = corners.get(right)?;
    if b[0] == x {
        return Some(b[1]);
    }
    let a = corners[right.checked_sub(1)?];
    let share = (x - a[0]) / (b[0] - a[0]);
    Some(a[1] + share * (b[1] - a[1]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Streams;

    #[test]
    fn nothing_lies_outside() {
        let mut stream = Streams { seed: 2 }.trajectory(0);
        for count in [1, 2, 3, 10, 1000] {
            let points: Vec<[f64; 2]> = (0..count).map(|_| [stream.normal(), stream.normal()]).collect();
            let hull = convex_hull(&points);
            assert_eq!(hull.len(), hull.iter().collect::<std::collections::BTreeSet<_>>().len());
            for (&i, &j) in hull.iter().zip(hull.iter().cycle().skip(1)) {
                assert!(points.iter().all(|p| turn(points[i], points[j], *p) >= -1e-12));
            }
            let lower = lower_hull(&points);
            for p in &points {
                assert!(height(&lower, p[0]).unwrap() <= p[1] + 1e-12);
            }
            assert_eq!(height(&lower, -100.0), None);
            assert_eq!(height(&lower, 100.0), None);
        }
    }

    #[test]
    fn degenerate_sets() {
        assert!(convex_hull(&[]).is_empty() && convex_hull(&[[f64::NAN, 0.0]]).is_empty());
        let line: Vec<[f64; 2]> = (0..5).map(|k| [f64::from(k), 2.0 * f64::from(k)]).collect();
        assert_eq!(convex_hull(&line), [0, 4]);
        assert_eq!(convex_hull(&[[1.0, 1.0]; 3]).len(), 1);
        let square = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
        assert_eq!(convex_hull(&square), [0, 2, 3, 1]);
        assert_eq!(lower_hull(&square), [[0.0, 0.0], [1.0, 0.0]]);
        assert_eq!(height(&[[0.0, 1.0], [2.0, 3.0]], 0.5), Some(1.5));
        assert_eq!(height(&[], 0.5), None);
    }
}
