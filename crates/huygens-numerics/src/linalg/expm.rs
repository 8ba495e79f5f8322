//! Matrix exponential.

use super::{CMatrix, LinalgError, Lu, Matrix, RMatrix, Scalar, require_finite, solve};

/// `‖A‖₁` up to which the Padé approximant of degree 3, 5, 7, 9, 13 is exact to double precision (Higham 2005, table 2.3).
const LIMITS: [f64; 5] = [
    1.495_585_217_958_292e-2,
    2.539_398_330_063_23e-1,
    9.504_178_996_162_932e-1,
    2.097_847_961_257_068,
    5.371_920_351_148_152,
];

/// Coefficients of the numerators, lowest first.
const PADE: [&[f64]; 5] = [
    &[120.0, 60.0, 12.0, 1.0],
    &[30240.0, 15120.0, 3360.0, 420.0, 30.0, 1.0],
    &[17_297_280.0, 8_648_640.0, 1_995_840.0, 277_200.0, 25_200.0, 1512.0, 56.0, 1.0],
    &[
        17_643_225_600.0,
        8_821_612_800.0,
        2_075_673_600.0,
        302_702_400.0,
        30_270_240.0,
        2_162_160.0,
        110_880.0,
        3960.0,
        90.0,
        1.0,
    ],
    &[
        64_764_752_532_480_000.0,
        32_382_376_266_240_000.0,
        7_771_770_303_897_600.0,
        1_187_353_796_428_800.0,
        129_060_195_264_000.0,
        10_559_470_521_600.0,
        670_442_572_800.0,
        33_522_128_640.0,
        1_323_241_920.0,
        40_840_800.0,
        960_960.0,
        16_380.0,
        182.0,
        1.0,
    ],
];

/// `exp(A)` of a real matrix by scaling and squaring of a Padé approximant: N. J. Higham, SIAM J. Matrix Anal. Appl. 26,
/// 1179 (2005).
///
/// # Errors
/// [`LinalgError::NotFinite`] for an infinite entry or an overflowing result.
///
/// # Panics
/// When the matrix is not square.
#[track_caller]
pub fn expm(a: &RMatrix) -> Result<RMatrix, LinalgError> {
    exponential(a)
}

/// `exp(A)` of a complex matrix; see [`expm`].
///
/// # Errors
/// As [`expm`].
///
/// # Panics
/// When the matrix is not square.
#[track_caller]
pub fn expm_complex(a: &CMatrix) -> Result<CMatrix, LinalgError> {
    exponential(a)
}

#[track_caller]
fn exponential<T: Scalar>(a: &Matrix<T>) -> Result<Matrix<T>, LinalgError> {
    assert!(a.is_square(), "exponential of a {}×{} matrix", a.rows(), a.cols());
    require_finite(a, "the matrix of an exponential")?;
    let n = a.rows();
    let norm = a.norm_one();
    let (degree, squarings) = match LIMITS.iter().position(|&l| norm <= l) {
        Some(d) => (d, 0),
        None => (4, (norm / LIMITS[4]).log2().ceil().max(0.0) as i32),
    };
    if squarings > 1000 {
        return Err(LinalgError::NotFinite { what: "the exponential of a matrix" });
    }
    let a = a.scale(T::from_real(0.5f64.powi(squarings)));
    let a2 = &a * &a;
    let c = PADE[degree];
    let id = Matrix::identity(n);
    let sum = |terms: &[(f64, &Matrix<T>)]| {
        let mut out = Matrix::zeros(n, n);
        for (c, m) in terms {
            out.add_scaled(T::from_real(*c), m);
        }
        out
    };
    let (odd, even) = if degree < 4 {
        let mut odd = id.scale(T::from_real(c[1]));
        let mut even = id.scale(T::from_real(c[0]));
        let mut power = a2.clone();
        for k in (2..c.len()).step_by(2) {
            even.add_scaled(T::from_real(c[k]), &power);
            odd.add_scaled(T::from_real(c[k + 1]), &power);
            if k + 2 < c.len() {
                power = &power * &a2;
            }
        }
        (odd, even)
    } else {
        let a4 = &a2 * &a2;
        let a6 = &a4 * &a2;
        let high = &a6 * &sum(&[(c[13], &a6), (c[11], &a4), (c[9], &a2)]);
        let odd = &high + &sum(&[(c[7], &a6), (c[5], &a4), (c[3], &a2), (c[1], &id)]);
        let high = &a6 * &sum(&[(c[12], &a6), (c[10], &a4), (c[8], &a2)]);
        let even = &high + &sum(&[(c[6], &a6), (c[4], &a4), (c[2], &a2), (c[0], &id)]);
        (odd, even)
    };
    let odd = &a * &odd;
    let (num, den) = (&even + &odd, &even - &odd);
    let mut result = if n <= 64 { Lu::new(&den)?.solve(&num) } else { solve(&den, &num)? };
    for _ in 0..squarings {
        result = &result * &result;
    }
    require_finite(&result, "the exponential of a matrix")?;
    Ok(result)
}
