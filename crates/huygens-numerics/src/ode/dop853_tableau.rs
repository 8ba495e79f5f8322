//! Coefficients of DOP853: the explicit Runge–Kutta pair of order 8(5, 3) of Dormand and Prince with
//! 7th-order dense output, as published with E. Hairer, S. P. Nørsett, G. Wanner, *Solving Ordinary
//! Differential Equations I*, 2nd ed., Springer 1993, sec. II.5 and II.6.
//!
//! Only the non-zero entries are kept. `A6` belongs to stage 6 when the first stage has index 0; each array holds
//! pairs (index of the earlier stage, coefficient) split into `…_AT` (indices) and `…` (coefficients).

/// Nodes: stage `s` is evaluated at `t + C[s] h`. Index 12 is the end of the step, 13 to 15 serve the dense output.
pub(super) const C: [f64; 16] = [
    0.0,
    0.05260015195876773,
    0.0789002279381516,
    0.1183503419072274,
    0.2816496580927726,
    0.3333333333333333,
    0.25,
    0.3076923076923077,
    0.6512820512820513,
    0.6,
    0.8571428571428571,
    1.0,
    1.0,
    0.1,
    0.2,
    0.7777777777777778,
];
/// Stages that enter stage 1.
pub(super) const A1_AT: [usize; 1] = [0];
/// Coefficients to `A1_AT`.
pub(super) const A1: [f64; 1] = [0.05260015195876773];
/// Stages that enter stage 2.
pub(super) const A2_AT: [usize; 2] = [0, 1];
/// Coefficients to `A2_AT`.
pub(super) const A2: [f64; 2] = [0.0197250569845379, 0.0591751709536137];
/// Stages that enter stage 3.
pub(super) const A3_AT: [usize; 2] = [0, 2];
/// Coefficients to `A3_AT`.
pub(super) const A3: [f64; 2] = [0.02958758547680685, 0.08876275643042054];
/// Stages that enter stage 4.
pub(super) const A4_AT: [usize; 3] = [0, 2, 3];
/// Coefficients to `A4_AT`.
pub(super) const A4: [f64; 3] = [0.2413651341592667, -0.8845494793282861, 0.924834003261792];
/// Stages that enter stage 5.
pub(super) const A5_AT: [usize; 3] = [0, 3, 4];
/// Coefficients to `A5_AT`.
pub(super) const A5: [f64; 3] = [0.037037037037037035, 0.17082860872947386, 0.12546768756682242];
/// Stages that enter stage 6.
pub(super) const A6_AT: [usize; 4] = [0, 3, 4, 5];
/// Coefficients to `A6_AT`.
pub(super) const A6: [f64; 4] = [0.037109375, 0.17025221101954405, 0.06021653898045596, -0.017578125];
/// Stages that enter stage 7.
pub(super) const A7_AT: [usize; 5] = [0, 3, 4, 5, 6];
/// Coefficients to `A7_AT`.
pub(super) const A7: [f64; 5] =
    [0.03709200011850479, 0.17038392571223998, 0.10726203044637328, -0.015319437748624402, 0.008273789163814023];
/// Stages that enter stage 8.
pub(super) const A8_AT: [usize; 6] = [0, 3, 4, 5, 6, 7];
/// Coefficients to `A8_AT`.
pub(super) const A8: [f64; 6] = [
    0.6241109587160757,
    -3.3608926294469414,
    -0.868219346841726,
    27.59209969944671,
    20.154067550477894,
    -43.48988418106996,
];
/// Stages that enter stage 9.
pub(super) const A9_AT: [usize; 7] = [0, 3, 4, 5, 6, 7, 8];
/// Coefficients to `A9_AT`.
pub(super) const A9: [f64; 7] = [
    0.47766253643826434,
    -2.4881146199716677,
    -0.590290826836843,
    21.230051448181193,
    15.279233632882423,
    -33.28821096898486,
    -0.020331201708508627,
];
/// Stages that enter stage 10.
pub(super) const A10_AT: [usize; 8] = [0, 3, 4, 5, 6, 7, 8, 9];
/// Coefficients to `A10_AT`.
pub(super) const A10: [f64; 8] = [
    -0.9371424300859873,
    5.186372428844064,
    1.0914373489967295,
    -8.149787010746927,
    -18.52006565999696,
    22.739487099350505,
    2.4936055526796523,
    -3.0467644718982196,
];
/// Stages that enter stage 11.
pub(super) const A11_AT: [usize; 9] = [0, 3, 4, 5, 6, 7, 8, 9, 10];
/// Coefficients to `A11_AT`.
pub(super) const A11: [f64; 9] = [
    2.273310147516538,
    -10.53449546673725,
    -2.0008720582248625,
    -17.9589318631188,
    27.94888452941996,
    -2.8589982771350235,
    -8.87285693353063,
    12.360567175794303,
    0.6433927460157636,
];
/// Stages that enter stage 13.
pub(super) const A13_AT: [usize; 8] = [0, 6, 7, 8, 9, 10, 11, 12];
/// Coefficients to `A13_AT`.
pub(super) const A13: [f64; 8] = [
    0.056167502283047954,
    0.25350021021662483,
    -0.2462390374708025,
    -0.12419142326381637,
    0.15329179827876568,
    0.00820105229563469,
    0.007567897660545699,
    -0.008298,
];
/// Stages that enter stage 14.
pub(super) const A14_AT: [usize; 8] = [0, 5, 6, 7, 10, 11, 12, 13];
/// Coefficients to `A14_AT`.
pub(super) const A14: [f64; 8] = [
    0.03183464816350214,
    0.028300909672366776,
    0.053541988307438566,
    -0.05492374857139099,
    -0.00010834732869724932,
    0.0003825710908356584,
    -0.00034046500868740456,
    0.1413124436746325,
];
/// Stages that enter stage 15.
pub(super) const A15_AT: [usize; 8] = [0, 5, 6, 7, 8, 12, 13, 14];
/// Coefficients to `A15_AT`.
pub(super) const A15: [f64; 8] = [
    -0.42889630158379194,
    -4.697621415361164,
    7.683421196062599,
    4.06898981839711,
    0.3567271874552811,
    -0.0013990241651590145,
    2.9475147891527724,
    -9.15095847217987,
];
/// Stages that enter the 8th-order result.
pub(super) const B_AT: [usize; 8] = [0, 5, 6, 7, 8, 9, 10, 11];
/// Coefficients to `B_AT`.
pub(super) const B: [f64; 8] = [
    0.054293734116568765,
    4.450312892752409,
    1.8915178993145003,
    -5.801203960010585,
    0.3111643669578199,
    -0.1521609496625161,
    0.20136540080403034,
    0.04471061572777259,
];
/// Weights of stages 0, 8 and 11 in the 3rd-order comparison formula: third-order error = result increment minus this sum.
pub(super) const BHH: [f64; 3] = [0.2440944881889764, 0.7338466882816118, 0.022058823529411766];
/// Weights of the stages `B_AT` in the 5th-order error.
pub(super) const E5: [f64; 8] = [
    0.01312004499419488,
    -1.2251564463762044,
    -0.4957589496572502,
    1.6643771824549864,
    -0.35032884874997366,
    0.3341791187130175,
    0.08192320648511571,
    -0.022355307863886294,
];
/// Stages that enter vector 3 of the dense output.
pub(super) const D0_AT: [usize; 12] = [0, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
/// Coefficients to `D0_AT`.
pub(super) const D0: [f64; 12] = [
    -8.428938276109013,
    0.5667149535193777,
    -3.0689499459498917,
    2.38466765651207,
    2.117034582445028,
    -0.871391583777973,
    2.2404374302607883,
    0.6315787787694688,
    -0.08899033645133331,
    18.148505520854727,
    -9.194632392478356,
    -4.436036387594894,
];
/// Stages that enter vector 4 of the dense output.
pub(super) const D1_AT: [usize; 12] = [0, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
/// Coefficients to `D1_AT`.
pub(super) const D1: [f64; 12] = [
    10.427508642579134,
    242.28349177525817,
    165.20045171727028,
    -374.5467547226902,
    -22.113666853125306,
    7.733432668472264,
    -30.674084731089398,
    -9.332130526430229,
    15.697238121770845,
    -31.139403219565178,
    -9.35292435884448,
    35.81684148639408,
];
/// Stages that enter vector 5 of the dense output.
pub(super) const D2_AT: [usize; 12] = [0, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
/// Coefficients to `D2_AT`.
pub(super) const D2: [f64; 12] = [
    19.985053242002433,
    -387.0373087493518,
    -189.17813819516758,
    527.8081592054236,
    -11.57390253995963,
    6.8812326946963,
    -1.0006050966910838,
    0.7777137798053443,
    -2.778205752353508,
    -60.19669523126412,
    84.32040550667716,
    11.99229113618279,
];
/// Stages that enter vector 6 of the dense output.
pub(super) const D3_AT: [usize; 12] = [0, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
/// Coefficients to `D3_AT`.
pub(super) const D3: [f64; 12] = [
    -25.69393346270375,
    -154.18974869023643,
    -231.5293791760455,
    357.6391179106141,
    93.40532418362432,
    -37.45832313645163,
    104.0996495089623,
    29.8402934266605,
    -43.53345659001114,
    96.32455395918828,
    -39.17726167561544,
    -149.72683625798564,
];

/// The stages of the method, its result and its error estimates, for steppers of their own that advance many systems side by side.
#[derive(Clone, Copy, Debug)]
pub struct Stages {
    /// Nodes of stages 0 to 11, as shares of the step.
    pub nodes: [f64; 12],
    /// Which earlier stages enter a stage, with which coefficients.
    pub rows: [(&'static [usize], &'static [f64]); 12],
    /// The same of the result of order 8.
    pub result: (&'static [usize], &'static [f64]),
    /// Weights of the stages of the result in the 5th-order error.
    pub fifth: &'static [f64],
    /// Stages and weights of the comparison formula whose difference to the result is the 3rd-order error.
    pub third: (&'static [usize], &'static [f64]),
}

/// DOP853 without its dense output.
pub const DOP853: Stages = Stages {
    nodes: {
        let mut nodes = [0.0; 12];
        let mut k = 0;
        while k < 12 {
            nodes[k] = C[k];
            k += 1;
        }
        nodes
    },
    rows: [
        (&[], &[]),
        (&A1_AT, &A1),
        (&A2_AT, &A2),
        (&A3_AT, &A3),
        (&A4_AT, &A4),
        (&A5_AT, &A5),
        (&A6_AT, &A6),
        (&A7_AT, &A7),
        (&A8_AT, &A8),
        (&A9_AT, &A9),
        (&A10_AT, &A10),
        (&A11_AT, &A11),
    ],
    result: (&B_AT, &B),
    fifth: &E5,
    third: (&[0, 8, 11], &BHH),
};
