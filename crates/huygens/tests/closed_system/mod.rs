//! Two oscillators with a driven and a static bath as one closed system: every bath as a hundred oscillators, the whole evolved from a product
//! of thermal states until the drive has made it periodic. No response function, no quadrature and no Floquet theory enters.

use huygens::levels::response::Kernel;
use huygens::levels::response::system::{Bound, Driven, Reservoir};
use huygens_numerics::c64;
use huygens_numerics::linalg::RMatrix;

const FREQUENCIES: [f64; 2] = [1.0, 0.6];
const OMEGA: f64 = 2.0;
const PHASE: f64 = 1.1;
const TEMPERATURES: [f64; 2] = [0.3, 0.15];
/// Spacing of the baths' frequencies: nothing returns before 2π/0.06 = 105.
const SPACING: f64 = 0.06;
const UNTIL: f64 = 90.0;
const STEP: f64 = 0.02;
const PHASES: usize = 8;

fn kernel(strength: f64, cutoff: f64) -> Kernel {
    Kernel::Exponential { strength, cutoff, exponent: 1.0, shape: 2.0 }
}

/// The baths of the test: driven, static.
fn kernels(gamma: f64) -> [Kernel; 2] {
    [kernel(gamma, 1.5), kernel(0.8, 2.5)]
}

/// All oscillators, of unit mass: the two of the system, then those of the baths.
struct Whole {
    frequencies: Vec<f64>,
    /// Second moments ⟨x²⟩, ⟨p²⟩ at the start.
    spread: Vec<[f64; 2]>,
    /// Couplings c of the bath oscillators by bath, with their place.
    baths: [(usize, Vec<f64>); 2],
    /// Strengths of the counter-terms.
    mu: [f64; 2],
}

impl Whole {
    fn new(gamma: f64) -> Self {
        let mut whole = Self {
            frequencies: FREQUENCIES.to_vec(),
            spread: vec![[1.0, 1.0]; 2],
            baths: Default::default(),
            mu: [0.0; 2],
        };
        for (b, kernel) in kernels(gamma).iter().enumerate() {
            let first = whole.frequencies.len();
            let most = 4.2 * kernel.scale();
            let mut list = Vec::new();
            for k in 0..(most / SPACING) as usize {
                let w = SPACING * (k as f64 + 0.5);
                let c = (2.0 / std::f64::consts::PI * kernel.density(w) * w * SPACING).sqrt();
                let coth = 1.0 / (0.5 * w / TEMPERATURES[b]).tanh();
                whole.frequencies.push(w);
                whole.spread.push([0.5 * coth / w, 0.5 * coth * w]);
                whole.mu[b] += c * c / (w * w);
                list.push(c);
            }
            whole.baths[b] = (first, list);
        }
        whole
    }

    /// How each bath sees the positions of the system at time t.
    fn sight(t: f64) -> [[f64; 2]; 2] {
        [[(OMEGA * t).cos(), (OMEGA * t + PHASE).cos()], [1.0, 1.0]]
    }

    /// out += scale · A w: the forces of all couplings at positions w.
    fn couple(&self, t: f64, w: &[f64], scale: f64, out: &mut [f64]) {
        let sight = Self::sight(t);
        for (b, (first, c)) in self.baths.iter().enumerate() {
            let seen = sight[b][0] * w[0] + sight[b][1] * w[1];
            let field: f64 = c.iter().zip(&w[*first..]).map(|(c, x)| c * x).sum::<f64>() - self.mu[b] * seen;
            for l in 0..2 {
                out[l] += scale * sight[b][l] * field;
            }
            for (c, o) in c.iter().zip(&mut out[*first..]) {
                *o += scale * c * seen;
            }
        }
    }

    /// The functional u of the phase space at `until`, as one of the phase space at the start.
    fn back(&self, until: f64, x: &mut [f64], p: &mut [f64]) {
        let steps = (until / STEP).ceil() as usize;
        let h = until / steps as f64;
        let turns: Vec<(f64, f64, f64)> = self
            .frequencies
            .iter()
            .map(|w| {
                let (s, c) = (0.5 * h * w).sin_cos();
                (c, s, *w)
            })
            .collect();
        let rotate = |x: &mut [f64], p: &mut [f64]| {
            // x(h/2) = c x + s p/ω, p(h/2) = −ωs x + c p: its transpose on (u_x, u_p).
            for ((x, p), (c, s, w)) in x.iter_mut().zip(p.iter_mut()).zip(&turns) {
                (*x, *p) = (c * *x - s * w * *p, s / w * *x + c * *p);
            }
        };
        for k in (0..steps).rev() {
            rotate(x, p);
            self.couple((k as f64 + 0.5) * h, p, h, x);
            rotate(x, p);
        }
    }
}

/// Powers of both drives, the heat of the driven bath and the correlation coefficient of the positions, averaged over the last period.
pub fn simulate(gamma: f64) -> ([f64; 2], f64, f64) {
    let whole = Whole::new(gamma);
    let n = whole.frequencies.len();
    let period = std::f64::consts::TAU / OMEGA;
    let (mut power, mut heat, mut moments) = ([0.0; 2], 0.0, [0.0; 3]);
    for phase in 0..PHASES {
        let t = UNTIL + period * phase as f64 / PHASES as f64;
        // Functionals: x_A, x_B, p_A, p_B, F of the driven bath.
        let rows: Vec<(Vec<f64>, Vec<f64>)> = (0..5)
            .map(|k| {
                let (mut x, mut p) = (vec![0.0; n], vec![0.0; n]);
                match k {
                    0 | 1 => x[k] = 1.0,
                    2 | 3 => p[k - 2] = 1.0,
                    _ => {
                        let (first, c) = &whole.baths[0];
                        x[*first..first + c.len()].copy_from_slice(c);
                        let sight = Whole::sight(t)[0];
                        x[0] -= whole.mu[0] * sight[0];
                        x[1] -= whole.mu[0] * sight[1];
                    }
                }
                whole.back(t, &mut x, &mut p);
                (x, p)
            })
            .collect();
        let pair = |a: usize, b: usize| -> f64 {
            (0..n)
                .map(|k| {
                    rows[a].0[k] * rows[b].0[k] * whole.spread[k][0] + rows[a].1[k] * rows[b].1[k] * whole.spread[k][1]
                })
                .sum()
        };
        let g = Whole::sight(t)[0];
        let speed = [-OMEGA * (OMEGA * t).sin(), -OMEGA * (OMEGA * t + PHASE).sin()];
        let weight = 1.0 / PHASES as f64;
        for l in 0..2 {
            power[l] -= weight * speed[l] * pair(l, 4);
            heat += weight * (speed[l] * pair(l, 4) + g[l] * pair(l + 2, 4));
        }
        for (m, (a, b)) in moments.iter_mut().zip([(0, 0), (0, 1), (1, 1)]) {
            *m += weight * pair(a, b);
        }
    }
    (power, heat, moments[1] / (moments[0] * moments[2]).sqrt())
}

/// The same two oscillators and baths as the response level sees them.
pub fn bound(gamma: f64) -> Bound {
    let scale = FREQUENCIES.map(|w| 1.0 / w.sqrt());
    let [driven, still] = kernels(gamma);
    let zero = c64::new(0.0, 0.0);
    Bound {
        hessian: RMatrix::from_diagonal(&[FREQUENCIES[0], FREQUENCIES[0], FREQUENCIES[1], FREQUENCIES[1]]),
        reservoirs: vec![Reservoir {
            index: 1,
            kernel: still,
            temperature: TEMPERATURES[1],
            vector: vec![scale[0], 0.0, scale[1], 0.0],
        }],
        driven: vec![Driven {
            index: 0,
            kernel: driven,
            temperature: TEMPERATURES[0],
            harmonics: vec![
                vec![zero, zero],
                vec![c64::new(0.5 * scale[0], 0.0), c64::from_polar(0.5 * scale[1], -PHASE)],
            ],
            slopes: None,
        }],
        forms: vec![0, 2],
        frequency: OMEGA,
    }
}
