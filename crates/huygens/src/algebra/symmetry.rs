//! Symmetries of a model: U(1) charges and translations.

use super::{Monomial, Operator, Polynomial, Quantity, Scalar};
use std::collections::{BTreeMap, BTreeSet};

/// The U(1) charges of a model with `modes` modes: a basis of all integer vectors m such that under
/// a_k → e^{−i m_k θ} a_k every term of H is invariant and every jump operator gets one phase.
///
/// In formulas: Σ_k m_k (dag_k − ann_k) = 0 for every term of H, and the same number for all terms of one jump. The
/// basis spans the whole integer lattice of solutions; its vectors are short (LLL-reduced) and their first nonzero entry
/// is positive. Jumps L with a definite nonzero charge break the conservation of that charge, not the symmetry.
///
/// A coefficient with the mean of an amplitude (not of a number) fixes the phase of that mode.
pub fn charges(modes: usize, h: &Operator, jumps: &[Operator]) -> Vec<Vec<i64>> {
    charges_with(modes, h, jumps, &[])
}

/// The same with equations of motion ż_k = f_k(z, z*) beside H and the jumps: f_k turns as a_k does.
pub fn charges_with(modes: usize, h: &Operator, jumps: &[Operator], flow: &[Polynomial]) -> Vec<Vec<i64>> {
    let mut rows: BTreeSet<BTreeMap<usize, i128>> = BTreeSet::new();
    let charge = |m: &Monomial| -> BTreeMap<usize, i128> {
        let factors = m.factors().iter().map(|f| (f.mode.0 as usize, i128::from(f.word.charge())));
        factors.filter(|(_, c)| *c != 0).collect()
    };
    for (m, _) in h.iter() {
        rows.insert(charge(m));
    }
    for l in jumps {
        let mut terms = l.iter().map(|(m, _)| charge(m));
        let Some(first) = terms.next() else { continue };
        for mut row in terms {
            subtract(&mut row, &first, 1);
            rows.insert(row);
        }
    }
    for (k, f) in flow.iter().enumerate() {
        for (m, _) in f.iter() {
            let mut row = charge(m);
            subtract(&mut row, &BTreeMap::from([(k, -1)]), 1);
            rows.insert(row);
        }
    }
    let coefficients = std::iter::once(h).chain(jumps).flat_map(Operator::iter).map(|(_, c)| c);
    let coefficients = coefficients.chain(flow.iter().flat_map(Polynomial::iter).map(|(_, c)| c));
    for field in coefficients.flat_map(Scalar::fields).filter(|field| field.quantity != Quantity::Number) {
        rows.insert(BTreeMap::from([(field.mode.0 as usize, 1)]));
    }
    rows.remove(&BTreeMap::new());
    let mut basis = kernel(modes, rows);
    reduce(&mut basis);
    for v in &mut basis {
        if v.iter().find(|x| **x != 0).is_some_and(|x| *x < 0) {
            v.iter_mut().for_each(|x| *x = -*x);
        }
    }
    basis.sort_by(|a, b| b.cmp(a));
    basis.into_iter().map(|v| v.into_iter().map(|x| x as i64).collect()).collect()
}

/// row − factor·other, entries that vanish removed.
fn subtract(row: &mut BTreeMap<usize, i128>, other: &BTreeMap<usize, i128>, factor: i128) {
    for (k, x) in other {
        let entry = row.entry(*k).or_insert(0);
        *entry -= factor * x;
        if *entry == 0 {
            row.remove(k);
        }
    }
}

/// A basis of the integer vectors orthogonal to all rows.
///
/// Each row is brought to a single unknown by unimodular changes of the unknowns (Euclid's algorithm on its entries),
/// which must then vanish; what is left free at the end spans the lattice. `columns[k]` is the vector of old unknowns
/// that goes with the new unknown k.
fn kernel(modes: usize, rows: BTreeSet<BTreeMap<usize, i128>>) -> Vec<Vec<i128>> {
    let mut columns: BTreeMap<usize, BTreeMap<usize, i128>> =
        (0..modes).map(|k| (k, BTreeMap::from([(k, 1)]))).collect();
    // For each old unknown the new unknowns whose vectors contain it.
    let mut users: Vec<BTreeSet<usize>> = (0..modes).map(|k| BTreeSet::from([k])).collect();
    for row in rows {
        // The row in terms of the new unknowns.
        let touched: BTreeSet<usize> = row.keys().flat_map(|k| users[*k].iter().copied()).collect();
        let mut values: Vec<(i128, usize)> = touched
            .into_iter()
            .map(|k| (row.iter().map(|(old, x)| x * columns[&k].get(old).copied().unwrap_or(0)).sum(), k))
            .filter(|(x, _): &(i128, usize)| *x != 0)
            .collect();
        while values.len() > 1 {
            // The smallest entry reduces all others; of equal ones the shortest vector, which keeps the basis sparse.
            values.sort_by_key(|(x, k)| (x.abs(), columns[k].len()));
            let (pivot, at) = values[0];
            let column = columns[&at].clone();
            for (x, k) in values.iter_mut().skip(1) {
                let factor = x.div_euclid(pivot);
                *x -= factor * pivot;
                let target = columns.entry(*k).or_default();
                subtract(target, &column, factor);
                for old in column.keys() {
                    if target.contains_key(old) {
                        users[*old].insert(*k);
                    } else {
                        users[*old].remove(k);
                    }
                }
            }
            values.retain(|(x, _)| *x != 0);
        }
        if let Some((_, k)) = values.first()
            && let Some(column) = columns.remove(k)
        {
            for old in column.keys() {
                users[*old].remove(k);
            }
        }
    }
    let dense = |column: BTreeMap<usize, i128>| {
        let mut v = vec![0; modes];
        column.into_iter().for_each(|(k, x)| v[k] = x);
        v
    };
    columns.into_values().map(dense).collect()
}

fn dot(a: &[i128], b: &[i128]) -> f64 {
    a.iter().zip(b).map(|(x, y)| (*x as f64) * (*y as f64)).sum()
}

/// LLL reduction (δ = 3/4) of a basis with small entries; the Gram–Schmidt coefficients in floating point suffice,
/// because every step is an exact unimodular change.
fn reduce(basis: &mut [Vec<i128>]) {
    let n = basis.len();
    // Disjoint unit-like vectors are reduced already; this also keeps large free models fast.
    let disjoint = {
        let mut seen = BTreeSet::new();
        basis.iter().all(|v| v.iter().enumerate().filter(|(_, x)| **x != 0).all(|(k, _)| seen.insert(k)))
    };
    if n < 2 || disjoint || n > 60 {
        return;
    }
    let mut k = 1;
    let mut steps = 0;
    while k < n && steps < 10_000 {
        steps += 1;
        let (orthogonal, norms) = gram_schmidt(&basis[..=k]);
        for j in (0..k).rev() {
            let projection: f64 = basis[k].iter().zip(&orthogonal[j]).map(|(x, y)| *x as f64 * y).sum();
            let factor = (projection / norms[j]).round() as i128;
            if factor != 0 {
                let other = basis[j].clone();
                basis[k].iter_mut().zip(&other).for_each(|(x, y)| *x -= factor * y);
            }
        }
        let projection: f64 = basis[k].iter().zip(&orthogonal[k - 1]).map(|(x, y)| *x as f64 * y).sum();
        let mu = projection / norms[k - 1];
        if norms[k] >= (0.75 - mu * mu) * norms[k - 1] - 1e-9 {
            k += 1;
        } else {
            basis.swap(k, k - 1);
            k = k.saturating_sub(1).max(1);
        }
    }
    basis.sort_by(|a, b| dot(a, a).total_cmp(&dot(b, b)));
}

fn gram_schmidt(basis: &[Vec<i128>]) -> (Vec<Vec<f64>>, Vec<f64>) {
    let mut orthogonal: Vec<Vec<f64>> = Vec::with_capacity(basis.len());
    let mut norms: Vec<f64> = Vec::with_capacity(basis.len());
    for v in basis {
        let mut w: Vec<f64> = v.iter().map(|x| *x as f64).collect();
        for (u, norm) in orthogonal.iter().zip(&norms) {
            let projection: f64 = v.iter().zip(u).map(|(x, y)| *x as f64 * y).sum::<f64>() / norm;
            w.iter_mut().zip(u).for_each(|(x, y)| *x -= projection * y);
        }
        norms.push(w.iter().map(|x| x * x).sum());
        orthogonal.push(w);
    }
    (orthogonal, norms)
}
