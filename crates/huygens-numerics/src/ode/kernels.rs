//! Vector kernels of the steppers. Vectors are stored as blocks of eight numbers, so that the inner loops have a fixed
//! length and need neither bounds checks nor a remainder loop.

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
    let nb = out.len();
    let y = &y[..nb];
    let k = at.map(|s| &k[s * nb..][..nb]);
    let c = c.map(|c| c * h);
    for b in 0..nb {
        let mut sum = [0.0; LANES];
        for j in 0..M {
            let v = &k[j][b];
            for l in 0..LANES {
                sum[l] += c[j] * v[l];
            }
        }
        for l in 0..LANES {
            out[b][l] = y[b][l] + sum[l];
        }
    }
}

/// `out = h Σ_j c[j] k[at[j]]`.
#[inline(always)]
pub(super) fn weighted_sum<const M: usize>(out: &mut [Block], k: &[Block], at: [usize; M], c: [f64; M], h: f64) {
    let nb = out.len();
    let k = at.map(|s| &k[s * nb..][..nb]);
    let c = c.map(|c| c * h);
    for b in 0..nb {
        let mut sum = [0.0; LANES];
        for j in 0..M {
            let v = &k[j][b];
            for l in 0..LANES {
                sum[l] += c[j] * v[l];
            }
        }
        out[b] = sum;
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
