//! Logarithm, exponential, sine and cosine as plain arithmetic.
//!
//! The compiler turns loops over these into vector instructions, and they give the same bits on every processor, which the
//! functions of the system's library do not. They are meant for inner loops over many independent numbers; each says where it
//! holds, and nothing is checked.

#![allow(clippy::excessive_precision)] // the digits of the coefficients as published

/// ln x for positive normal x, good to 1e-16 relative: x = 2ᵏ(1 + f) with 1 + f in [√½, √2), s = f/(2 + f) and the odd series
/// of ln((1 + s)/(1 − s)), as in fdlibm.
#[inline(always)]
pub fn ln(x: f64) -> f64 {
    let bits = x.to_bits();
    let biased = bits.wrapping_add(0x0009_5F61_9980_C433) >> 52;
    let f = f64::from_bits(bits.wrapping_sub(biased.wrapping_sub(1023) << 52)) - 1.0;
    // The integer as a float without a conversion instruction.
    let k = f64::from_bits(biased | 0x4330_0000_0000_0000) - (4_503_599_627_370_496.0 + 1023.0);
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let odd = z
        * (0.666_666_666_666_673_513
            + w * (0.285_714_287_436_623_915 + w * (0.181_835_721_616_180_501 + w * 0.147_981_986_051_165_86)));
    let even = w * (0.399_999_999_994_094_190_8 + w * (0.222_221_984_321_497_839_6 + w * 0.153_138_376_992_093_733_2));
    let half = 0.5 * f * f;
    k * 0.693_147_180_369_123_816_49 - ((half - (s * (half + (odd + even)) + k * 1.908_214_929_270_587_700_02e-10)) - f)
}

/// (cos 2πu, sin 2πu) for u + 1 in [1, 2), good to 2e-16: the quarter turn taken out exactly, fdlibm's polynomials on the rest.
#[inline(always)]
pub fn turn(one_plus_u: f64) -> (f64, f64) {
    const ROUND: f64 = 6_755_399_441_055_744.0;
    let quarters = (one_plus_u - 1.0) * 4.0;
    let shifted = quarters + ROUND;
    let quadrant = shifted.to_bits();
    let y = (quarters - (shifted - ROUND)) * std::f64::consts::FRAC_PI_2;
    let z = y * y;
    let sin = y + y
        * z
        * (-1.666_666_666_666_663_243_48e-1
            + z * (8.333_333_333_322_489_461_24e-3
                + z * (-1.984_126_982_985_794_931_34e-4
                    + z * (2.755_731_370_707_006_767_89e-6
                        + z * (-2.505_076_025_340_686_341_95e-8 + z * 1.589_690_995_211_550_102_21e-10)))));
    let cos = 1.0
        - (0.5 * z
            - z * z
                * (4.166_666_666_666_660_190_37e-2
                    + z * (-1.388_888_888_887_410_957_49e-3
                        + z * (2.480_158_728_947_672_941_78e-5
                            + z * (-2.755_731_435_139_066_330_35e-7
                                + z * (2.087_572_321_298_174_827_9e-9 + z * -1.135_964_755_778_819_482_65e-11))))));
    // Odd quarters exchange the two; the signs are those of the quadrant.
    let odd = 0u64.wrapping_sub(quadrant & 1);
    let (s, c) = (sin.to_bits(), cos.to_bits());
    let exchange = (s ^ c) & odd;
    let sign_cos = ((quadrant ^ (quadrant << 1)) & 2) << 62;
    let sign_sin = (quadrant & 2) << 62;
    (f64::from_bits((c ^ exchange) ^ sign_cos), f64::from_bits((s ^ exchange) ^ sign_sin))
}

/// ln(1 + x) for x ≥ 0 (and −½ < x), good to 4e-16 relative: the rounding of 1 + x is taken out again by W. Kahan's quotient
/// ln(u) x/(u − 1), u = 1 + x.
#[inline(always)]
pub fn ln_1p(x: f64) -> f64 {
    let u = 1.0 + x;
    let d = u - 1.0;
    let quotient = ln(u) * (x / d);
    if d == 0.0 { x } else { quotient }
}

/// 2ᵏ and eʳ − 1 with x = k ln 2 + r, |r| ≤ ln(2)/2.
#[inline(always)]
fn reduced(x: f64) -> (f64, f64) {
    const ROUND: f64 = 6_755_399_441_055_744.0;
    let shifted = x * std::f64::consts::LOG2_E + ROUND;
    let k = shifted - ROUND;
    let r = (x - k * 0.693_147_180_369_123_816_49) - k * 1.908_214_929_270_587_700_02e-10;
    // The Taylor series; its first term left out is 4e-18.
    let mut sum = 1.0 / 6_227_020_800.0;
    for c in [
        1.0 / 479_001_600.0,
        1.0 / 39_916_800.0,
        1.0 / 3_628_800.0,
        1.0 / 362_880.0,
        1.0 / 40_320.0,
        1.0 / 5_040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        0.5,
    ] {
        sum = sum * r + c;
    }
    (f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52), r + r * r * sum)
}

/// eˣ, good to 4e-16 relative; outside [−708, 709] the value at the nearer end.
#[inline(always)]
pub fn exp(x: f64) -> f64 {
    let (scale, rest) = reduced(x.clamp(-708.0, 709.0));
    scale + scale * rest
}

/// eˣ − 1, good to 5e-16 relative for x ≥ 0; outside [−708, 709] the value at the nearer end.
#[inline(always)]
pub fn exp_m1(x: f64) -> f64 {
    let (scale, rest) = reduced(x.clamp(-708.0, 709.0));
    scale * rest + (scale - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Streams;

    #[test]
    fn exponential_and_logarithm_agree_with_the_library() {
        let mut stream = Streams { seed: 8 }.trajectory(0);
        for k in 0..200_000 {
            let x = match k % 3 {
                0 => 40.0 * stream.uniform() - 20.0,
                1 => 1416.0 * stream.uniform() - 708.0,
                _ => (60.0 * stream.uniform() - 60.0).exp(),
            };
            assert!((exp(x) / x.exp() - 1.0).abs() < 4e-16, "{x}: {} {}", exp(x), x.exp());
            if x >= 0.0 {
                assert!((exp_m1(x) / x.exp_m1() - 1.0).abs() < 6e-16, "{x}: {} {}", exp_m1(x), x.exp_m1());
                assert!((ln_1p(x) / x.ln_1p() - 1.0).abs() < 6e-16, "{x}: {} {}", ln_1p(x), x.ln_1p());
            }
        }
        assert_eq!((exp(0.0), exp_m1(0.0), ln_1p(0.0)), (1.0, 0.0, 0.0));
        assert!(exp(1e9).is_finite() && exp(-1e9) > 0.0);
    }
}
