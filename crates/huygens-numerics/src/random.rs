//! Counter-based random numbers: every trajectory has a stream of its own, whatever thread computes it.
//!
//! The generator is Philox4x32-10 of J. K. Salmon, M. A. Moraes, R. O. Dror and D. E. Shaw, *Parallel random numbers: as
//! easy as 1, 2, 3*, SC'11: ten rounds of a keyed bijection of 128-bit counters. The key is the seed; the counter holds the
//! number of the trajectory (upper 64 bits), the kind of number (one bit) and the place in its sequence (63 bits). No state is
//! shared, so that a result depends on the seed alone: not on threads, not on the order in which trajectories are computed.
//!
//! Normals come in pairs by the transform of Box and Muller (1958), with a logarithm, a sine and a cosine of our own: plain
//! arithmetic that the compiler turns into vector instructions, the same bits on every processor. [`Lanes`] makes the numbers
//! of several trajectories at once; lane k gives exactly those of stream k.

use multiversion::multiversion;

use crate::elementary::{ln, turn};

const MULTIPLIERS: [u64; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
const LOW: u64 = 0xFFFF_FFFF;

/// Marks the counters of normals; those of uniform numbers have this bit clear.
const NORMALS: u64 = 1 << 63;

/// Pairs of normals that are made in one sweep of the vector loop.
const CHUNK: usize = 64;

/// Philox4x32-10: the block of a counter under a key, both as words of 32 bits, lowest first.
#[inline(always)]
fn philox(counter: [u64; 4], key: [u32; 2]) -> [u64; 4] {
    // 32-bit words in 64-bit lanes: the product of two is one vector instruction.
    let [mut c0, mut c1, mut c2, mut c3] = counter;
    let [mut k0, mut k1] = key;
    for _ in 0..10 {
        let (p, q) = (MULTIPLIERS[0] * c0, MULTIPLIERS[1] * c2);
        (c0, c1, c2, c3) = ((q >> 32) ^ c1 ^ u64::from(k0), q & LOW, (p >> 32) ^ c3 ^ u64::from(k1), p & LOW);
        k0 = k0.wrapping_add(WEYL[0]);
        k1 = k1.wrapping_add(WEYL[1]);
    }
    [c0, c1, c2, c3]
}

/// The two 64-bit words of a block.
#[inline(always)]
fn words(place: u64, trajectory: u64, key: [u32; 2]) -> (u64, u64) {
    let [a, b, c, d] = philox([place & LOW, place >> 32, trajectory & LOW, trajectory >> 32], key);
    ((b << 32) | a, (d << 32) | c)
}

/// A number in [1, 2) from the upper 52 bits.
#[inline(always)]
fn one_to_two(word: u64) -> f64 {
    f64::from_bits((word >> 12) | 0x3FF0_0000_0000_0000)
}

/// A number in [0, 1) from the upper 53 bits.
#[inline(always)]
fn zero_to_one(word: u64) -> f64 {
    // Both halves as floats without a conversion instruction; every step is exact.
    let float = |bits: u64| f64::from_bits(bits | 0x4330_0000_0000_0000) - 4_503_599_627_370_496.0;
    (float(word >> 32) * 2_097_152.0 + float((word >> 11) & 0x1F_FFFF)) * (0.5 / 4_503_599_627_370_496.0)
}

/// Two independent normals from two words.
#[inline(always)]
fn box_muller(first: u64, second: u64) -> (f64, f64) {
    // 2 − [1, 2) lies in (0, 1]: the logarithm is finite, the radius at most 8.5.
    let radius = (-2.0 * ln(2.0 - one_to_two(first))).sqrt();
    let (cos, sin) = turn(one_to_two(second));
    (radius * cos, radius * sin)
}

/// Pairs of normals at the given places and trajectories.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn pairs(
    key: [u32; 2],
    places: &[u64; CHUNK],
    trajectories: &[u64; CHUNK],
    cosines: &mut [f64; CHUNK],
    sines: &mut [f64; CHUNK],
) {
    let mut first = [0u64; CHUNK];
    let mut second = [0u64; CHUNK];
    for i in 0..CHUNK {
        (first[i], second[i]) = words(places[i], trajectories[i], key);
    }
    for i in 0..CHUNK {
        (cosines[i], sines[i]) = box_muller(first[i], second[i]);
    }
}

/// The two uniform numbers of one place for the trajectories `first`, `first` + 1, …
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512dq+fma", "x86_64+avx2+fma", "aarch64+neon"))]
fn uniforms(key: [u32; 2], place: u64, first: u64, even: &mut [f64], odd: &mut [f64]) {
    for (i, (even, odd)) in even.iter_mut().zip(odd).enumerate() {
        let (one, two) = words(place, first + i as u64, key);
        (*even, *odd) = (zero_to_one(one), zero_to_one(two));
    }
}

/// All random numbers of one experiment.
///
/// ```
/// use huygens_numerics::random::Streams;
/// let streams = Streams { seed: 1 };
/// let mut seventh = streams.trajectory(7);
/// let x = seventh.normal();
/// // The same again, whatever was drawn elsewhere:
/// assert_eq!(streams.trajectory(7).normal(), x);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Streams {
    /// Chooses the numbers; any value is as good as any other.
    pub seed: u64,
}

impl Streams {
    fn key(self) -> [u32; 2] {
        [self.seed as u32, (self.seed >> 32) as u32]
    }

    /// The numbers of trajectory `index`, from the beginning.
    pub fn trajectory(self, index: u64) -> Stream {
        Stream { key: self.key(), index, uniforms: 0, normals: 0 }
    }

    /// The trajectories `first`, `first` + 1, … `first` + L − 1 side by side, from the beginning.
    pub fn lanes<const L: usize>(self, first: u64) -> Lanes<L> {
        Lanes { key: self.key(), first, place: 0, spare: None, uniforms: 0 }
    }
}

/// The random numbers of one trajectory: a sequence of uniform numbers and, independent of it, one of normals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    key: [u32; 2],
    index: u64,
    uniforms: u64,
    normals: u64,
}

impl Stream {
    /// Uniform in [0, 1), a multiple of 2⁻⁵³.
    pub fn uniform(&mut self) -> f64 {
        let (first, second) = words(self.uniforms / 2, self.index, self.key);
        let word = if self.uniforms.is_multiple_of(2) { first } else { second };
        self.uniforms += 1;
        zero_to_one(word)
    }

    /// Normal with mean 0 and variance 1; at most 8.5 in modulus.
    pub fn normal(&mut self) -> f64 {
        let (first, second) = words(NORMALS | (self.normals / 2), self.index, self.key);
        let (cos, sin) = box_muller(first, second);
        self.normals += 1;
        if self.normals % 2 == 1 { cos } else { sin }
    }

    /// The next normals of the sequence: the same numbers as that many calls of [`Stream::normal`], made in vector instructions.
    pub fn fill_normals(&mut self, out: &mut [f64]) {
        let (mut cosines, mut sines) = ([0.0; CHUNK], [0.0; CHUNK]);
        let trajectories = [self.index; CHUNK];
        let mut rest = out;
        while !rest.is_empty() {
            if self.normals % 2 == 1 || rest.len() < 2 {
                rest[0] = self.normal();
                rest = &mut rest[1..];
                continue;
            }
            let place = self.normals / 2;
            let places = std::array::from_fn(|i| NORMALS | (place + i as u64));
            pairs(self.key, &places, &trajectories, &mut cosines, &mut sines);
            let count = (rest.len() / 2).min(CHUNK);
            for (pair, (c, s)) in rest.as_chunks_mut::<2>().0.iter_mut().zip(cosines.iter().zip(&sines)) {
                *pair = [*c, *s];
            }
            self.normals += 2 * count as u64;
            rest = &mut rest[2 * count..];
        }
    }
}

/// The numbers of L trajectories side by side: lane k is the stream of trajectory `first` + k.
#[derive(Clone, Debug)]
pub struct Lanes<const L: usize> {
    key: [u32; 2],
    first: u64,
    place: u64,
    spare: Option<[f64; L]>,
    uniforms: u64,
}

impl<const L: usize> Lanes<L> {
    /// The next uniform numbers of every lane: `out[j][k]` is the j-th next one of trajectory `first` + k.
    pub fn fill_uniforms(&mut self, out: &mut [[f64; L]]) {
        let mut rest = out;
        let mut unused = [0.0; L];
        while !rest.is_empty() {
            let place = self.uniforms / 2;
            if self.uniforms % 2 == 1 {
                uniforms(self.key, place, self.first, &mut unused, &mut rest[0]);
                self.uniforms += 1;
                rest = &mut rest[1..];
            } else if let [even, odd, others @ ..] = rest {
                uniforms(self.key, place, self.first, even, odd);
                self.uniforms += 2;
                rest = others;
            } else {
                uniforms(self.key, place, self.first, &mut rest[0], &mut unused);
                self.uniforms += 1;
                rest = &mut [];
            }
        }
    }

    /// The next normals of every lane: `out[j][k]` is the j-th next normal of trajectory `first` + k.
    pub fn fill_normals(&mut self, out: &mut [[f64; L]]) {
        let mut rest = out;
        if !rest.is_empty()
            && let Some(spare) = self.spare.take()
        {
            rest[0] = spare;
            rest = &mut rest[1..];
        }
        let (mut cosines, mut sines) = ([0.0; CHUNK], [0.0; CHUNK]);
        let (mut places, mut trajectories) = ([0; CHUNK], [0; CHUNK]);
        // Whole pairs of all lanes, as many as fit a chunk; for more lanes than that a pair takes several chunks.
        let rows = (CHUNK / L).max(1);
        while !rest.is_empty() {
            let pairs_wanted = rest.len().div_ceil(2).min(rows);
            let (mut even, mut odd) = ([0.0; L], [0.0; L]);
            for start in (0..pairs_wanted * L).step_by(CHUNK) {
                for i in 0..CHUNK {
                    places[i] = NORMALS | (self.place + ((start + i) / L) as u64);
                    trajectories[i] = self.first + ((start + i) % L) as u64;
                }
                pairs(self.key, &places, &trajectories, &mut cosines, &mut sines);
                if L <= CHUNK {
                    for row in 0..pairs_wanted {
                        let range = row * L..(row + 1) * L;
                        rest[2 * row].copy_from_slice(&cosines[range.clone()]);
                        let slot = match rest.get_mut(2 * row + 1) {
                            Some(slot) => slot,
                            None => self.spare.insert([0.0; L]),
                        };
                        slot.copy_from_slice(&sines[range]);
                    }
                } else {
                    let end = (start + CHUNK).min(L);
                    even[start..end].copy_from_slice(&cosines[..end - start]);
                    odd[start..end].copy_from_slice(&sines[..end - start]);
                    if end == L {
                        rest[0] = even;
                        match rest.get_mut(1) {
                            Some(slot) => *slot = odd,
                            None => self.spare = Some(odd),
                        }
                    }
                }
            }
            self.place += pairs_wanted as u64;
            let taken = (2 * pairs_wanted).min(rest.len());
            rest = &mut rest[taken..];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Known answers of the Random123 distribution (kat_vectors, philox4x32 10).
    #[test]
    fn philox_gives_the_published_blocks() {
        let cases = [
            ([0; 4], [0; 2], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
            ([LOW; 4], [u32::MAX; 2], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
            (
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0],
                [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
            ),
        ];
        for (counter, key, block) in cases {
            assert_eq!(philox(counter, key), block);
        }
    }

    /// The numbers themselves: a change of any of them changes every published result.
    #[test]
    fn first_normals_stay_what_they_are() {
        let mut stream = Streams { seed: 1 }.trajectory(0);
        let normals: Vec<String> = (0..8).map(|_| format!("{:.12}", stream.normal())).collect();
        assert_eq!(normals, FIRST);
        let mut stream = Streams { seed: 1 }.trajectory(0);
        let uniforms: Vec<f64> = (0..4).map(|_| stream.uniform()).collect();
        assert!(uniforms.iter().all(|u| (0.0..1.0).contains(u)));
    }

    #[test]
    fn logarithm_and_turn_are_good_to_rounding() {
        let mut stream = Streams { seed: 5 }.trajectory(0);
        for k in 0..200_000 {
            let mut x = 1.0 - stream.uniform();
            if k % 3 == 0 {
                x = 1.0 - 1e-9 * (1.0 - x);
            } else if k % 3 == 1 {
                x *= 1e-12;
            }
            assert!((ln(x) - x.ln()).abs() <= 4e-16 * x.ln().abs().max(1e-300), "{x}: {}", ln(x));
            let u = stream.uniform();
            let v = one_to_two((u * 2f64.powi(53)) as u64 * (1 << 11));
            let (c, s) = turn(v);
            // 8 (v − 1) is exact; the angle is made small before it is multiplied by π.
            let eighths = 8.0 * (v - 1.0);
            let near = (eighths / 2.0).round();
            let angle = (eighths / 2.0 - near) * std::f64::consts::FRAC_PI_2;
            let (s0, c0) = angle.sin_cos();
            let (c1, s1) = match near as i64 % 4 {
                0 => (c0, s0),
                1 => (-s0, c0),
                2 => (-c0, -s0),
                _ => (s0, -c0),
            };
            assert!((c - c1).abs() < 3e-16 && (s - s1).abs() < 3e-16, "{v}: {c} {c1} {s} {s1}");
        }
        assert_eq!(ln(1.0), 0.0);
    }

    /// One number, a slice and a lane: the same bits, for odd and even counts.
    #[test]
    fn slices_and_lanes_give_the_numbers_of_the_stream() {
        let streams = Streams { seed: 0x1234_5678_9abc_def0 };
        for count in [1, 2, 3, 7, 64, 129, 500] {
            let mut one = streams.trajectory(11);
            let single: Vec<f64> = (0..2 * count + 1).map(|_| one.normal()).collect();
            let mut filled = streams.trajectory(11);
            let (mut a, mut b) = (vec![0.0; count], vec![0.0; count + 1]);
            filled.fill_normals(&mut a);
            filled.fill_normals(&mut b);
            assert_eq!([a, b].concat(), single);
            fn check<const L: usize>(streams: Streams, single: &[f64], count: usize) {
                let mut lanes = streams.lanes::<L>(9);
                let (mut a, mut b) = (vec![[0.0; L]; count], vec![[0.0; L]; count + 1]);
                lanes.fill_normals(&mut a);
                lanes.fill_normals(&mut b);
                let lane: Vec<f64> = a.iter().chain(&b).map(|row| row[2]).collect();
                assert_eq!(lane, single);
                let mut one = streams.trajectory(11);
                let single: Vec<f64> = (0..2 * count + 1).map(|_| one.uniform()).collect();
                lanes.fill_uniforms(&mut a);
                lanes.fill_uniforms(&mut b);
                let lane: Vec<f64> = a.iter().chain(&b).map(|row| row[2]).collect();
                assert_eq!(lane, single);
            }
            check::<4>(streams, &single, count);
            check::<16>(streams, &single, count);
            check::<24>(streams, &single, count);
            check::<100>(streams, &single, count);
        }
    }

    /// Moments up to the eighth, the distribution function (Kolmogorov and Smirnov), and independence of neighbouring streams,
    /// seeds, and of uniform numbers from normals.
    #[test]
    fn normals_are_normal_and_independent() {
        let count = 400_000;
        let sample = |seed: u64, index: u64| {
            let mut out = vec![0.0; count];
            Streams { seed }.trajectory(index).fill_normals(&mut out);
            out
        };
        let n = count as f64;
        let x = sample(3, 0);
        for (power, want, variance) in
            [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0), (6, 15.0, 10_170.0)]
        {
            let moment = x.iter().map(|v| v.powi(power)).sum::<f64>() / n;
            assert!((moment - want).abs() < 4.5 * f64::sqrt(variance / n), "moment {power}: {moment}");
        }
        let mut sorted = x.clone();
        sorted.sort_by(f64::total_cmp);
        for (quantile, p) in
            [(-3.0, 0.001_349_898), (-1.5, 0.066_807_201), (-0.5, 0.308_537_539), (0.0, 0.5), (1.0, 0.841_344_746)]
        {
            let below = sorted.partition_point(|v| *v < quantile) as f64 / n;
            assert!((below - p).abs() < 4.5 * f64::sqrt(p * (1.0 - p) / n), "below {quantile}: {below}");
        }
        let distance = sorted
            .iter()
            .enumerate()
            .map(|(k, v)| (normal_distribution(*v) - (k as f64 + 0.5) / n).abs())
            .fold(0.0, f64::max);
        // Beyond 1.95/√n in one of a thousand samples.
        assert!(distance < 1.95 / n.sqrt(), "Kolmogorov–Smirnov distance {distance}");
        let correlation = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>() / n;
        for other in [sample(3, 1), sample(4, 0), sample(3, 1 << 32), x[1..].to_vec()] {
            assert!(correlation(&x, &other).abs() < 4.5 / n.sqrt());
        }
        let mut stream = Streams { seed: 3 }.trajectory(0);
        let uniform: Vec<f64> = (0..count).map(|_| stream.uniform() - 0.5).collect();
        assert!((uniform.iter().sum::<f64>() / n).abs() < 4.5 * f64::sqrt(1.0 / 12.0 / n));
        assert!(correlation(&x, &uniform).abs() < 4.5 * f64::sqrt(1.0 / 12.0 / n));
    }

    /// Φ(x) by its Taylor series (Marsaglia 2004), good to 1e-15 for |x| < 7.
    fn normal_distribution(x: f64) -> f64 {
        let (mut sum, mut term, mut k) = (x, x, 1.0);
        while term.abs() > 1e-17 * sum.abs().max(1e-300) {
            k += 2.0;
            term *= x * x / k;
            sum += term;
        }
        0.5 + sum * (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt()
    }

    const FIRST: [&str; 8] = [
        "0.577993588732",
        "-0.347252252391",
        "-0.050235745495",
        "0.908330233094",
        "0.002366396644",
        "-0.492454269047",
        "0.899987993896",
        "0.227651229119",
    ];
}
