//! Vector kernels of the steppers. Vectors are stored as blocks of eight numbers, so that the inner loops have a fixed length and
//! no remainder; a block is one to four registers, whatever the instruction set.

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

/// The vectors `k[at[j]]` of `nb` blocks each.
#[inline(always)]
pub(super) fn pick<'a, const M: usize>(k: &'a [Block], at: &[usize; M], nb: usize) -> [&'a [Block]; M] {
    let mut v = [&k[..nb]; M];
    for j in 0..M {
        v[j] = &k[at[j] * nb..][..nb];
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
    let nb = out.len();
    let y = &y[..nb];
    let k = pick(k, &at, nb);
    let c = times(&c, h);
    for b in 0..nb {
        let b = opaque(b);
        let sum = block_sum(&k, &c, b);
        let (out, y) = (&mut out[b], &y[b]);
        for l in 0..LANES {
            out[l] = y[l] + sum[l];
        }
    }
}

/// `out = h Σ_j c[j] k[at[j]]`.
#[inline(always)]
pub(super) fn weighted_sum<const M: usize>(out: &mut [Block], k: &[Block], at: [usize; M], c: [f64; M], h: f64) {
    let nb = out.len();
    let k = pick(k, &at, nb);
    let c = times(&c, h);
    for b in 0..nb {
        let b = opaque(b);
        out[b] = block_sum(&k, &c, b);
    }
}

/// `Σ_j c[j] k[j]` of block `b`.
#[inline(always)]
pub(super) fn block_sum<const M: usize>(k: &[&[Block]; M], c: &[f64; M], b: usize) -> Block {
    let mut sum = [0.0; LANES];
    let v = &k[0][b];
    for l in 0..LANES {
        sum[l] = c[0] * v[l];
    }
    for j in 1..M {
        let v = &k[j][b];
        for l in 0..LANES {
            sum[l] += c[j] * v[l];
        }
    }
    sum
}

/// Hides the index of a block from the optimiser, which otherwise unrolls the eight lanes and vectorises across the blocks with
/// gathers: three times slower.
#[inline(always)]
pub(super) fn opaque(b: usize) -> usize {
    std::hint::black_box(b)
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
