//! Vector kernels of the steppers. Vectors are padded to blocks of eight numbers, so that the inner loops have no scalar remainder;
//! the loops run over the flat elements, which the compiler vectorises for each instruction set.

/// Eight consecutive elements of a vector.
pub(super) type Block = [f64; LANES];

/// Number of elements in a block.
pub(super) const LANES: usize = 8;

/// Number of blocks that hold `dim` elements.
pub(super) fn blocks(dim: usize) -> usize {
    dim.div_ceil(LANES)
}

/// `count` vectors of `nb` blocks, all zero.
pub(super) fn zeros(nb: usize, count: usize) -> Vec<Block> {
    vec![[0.0; LANES]; nb * count]
}

/// The elements of a blocked vector, with the padding.
#[inline(always)]
pub(super) fn flat(v: &[Block]) -> &[f64] {
    v.as_flattened()
}

/// Copies `src` into the blocked vector `dst` and fills the padding with ones, which keeps error weights positive.
#[inline(always)]
pub(super) fn load(dst: &mut [Block], src: &[f64]) {
    let (head, tail) = dst.as_flattened_mut().split_at_mut(src.len());
    head.copy_from_slice(src);
    tail.fill(1.0);
}

/// The vectors `k[at[j]]` of `n` elements each.
#[inline(always)]
pub(super) fn pick<'a, const M: usize>(k: &'a [Block], at: &[usize; M], n: usize) -> [&'a [f64]; M] {
    let k = flat(k);
    let mut v = [&k[..n]; M];
    for j in 0..M {
        v[j] = &k[at[j] * n..][..n];
    }
    v
}

/// `h c`.
#[inline(always)]
pub(super) fn times<const M: usize>(c: &[f64; M], h: f64) -> [f64; M] {
    let mut out = *c;
    for c in &mut out {
        *c *= h;
    }
    out
}

/// `out = y + h Σ_j c[j] k[at[j]]`.
#[inline(always)]
pub(super) fn combine<const M: usize>(
    out: &mut [Block],
    y: &[Block],
    k: &[Block],
    at: [usize; M],
    c: [f64; M],
    h: f64,
) {
    let out = out.as_flattened_mut();
    let n = out.len();
    let y = &flat(y)[..n];
    let k = pick(k, &at, n);
    let c = times(&c, h);
    for i in 0..n {
        let mut sum = c[0] * k[0][i];
        for j in 1..M {
            sum += c[j] * k[j][i];
        }
        out[i] = y[i] + sum;
    }
}

/// `out = h Σ_j c[j] k[at[j]]`.
#[inline(always)]
pub(super) fn weighted_sum<const M: usize>(out: &mut [Block], k: &[Block], at: [usize; M], c: [f64; M], h: f64) {
    let out = out.as_flattened_mut();
    let n = out.len();
    let k = pick(k, &at, n);
    let c = times(&c, h);
    for i in 0..n {
        let mut sum = c[0] * k[0][i];
        for j in 1..M {
            sum += c[j] * k[j][i];
        }
        out[i] = sum;
    }
}

/// Largest element and NaN test, or sum, of squares; the order of operations does not depend on the instruction set.
#[inline(always)]
pub(super) fn norm_of_squares(v: &[Block], max: bool) -> f64 {
    let mut bad = [0.0; LANES];
    let mut acc = [0.0; LANES];
    for v in v {
        for l in 0..LANES {
            bad[l] += v[l];
            if max {
                acc[l] = larger(v[l], acc[l]);
            }
        }
    }
    let sum = sum_lanes(&bad);
    if !sum.is_finite() {
        f64::NAN
    } else if max {
        max_lanes(&acc)
    } else {
        sum
    }
}

/// Sum of the lanes in a fixed order, so that results do not depend on the instruction set.
#[inline(always)]
pub(super) fn sum_lanes(v: &Block) -> f64 {
    ((v[0] + v[4]) + (v[1] + v[5])) + ((v[2] + v[6]) + (v[3] + v[7]))
}

/// Largest lane.
#[inline(always)]
pub(super) fn max_lanes(v: &Block) -> f64 {
    v.iter().fold(0.0, |m, &x| if x > m { x } else { m })
}

/// The larger of two numbers; compiles to one instruction where `f64::max` needs three.
#[inline(always)]
pub(super) fn larger(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}
