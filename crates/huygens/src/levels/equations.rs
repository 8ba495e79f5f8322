//! The equations of a model at the mean-field and gaussian levels, derived once from its operators.
//!
//! With z_k = ⟨a_k⟩ and normal ordering (⟨a†ᵐaⁿ⟩ → z*ᵐzⁿ) the adjoint Lindblad equation of a_k gives the **flow**
//! ż_k = f_k(z, z*). Its exact derivatives A = ∂f/∂z and B = ∂f/∂z* are the **drift** of the fluctuations,
//! δż = A δz + B δz*, and the **diffusion** of the symmetrised covariances C_kl = ½⟨{R_k, R_l}⟩ comes from the generalised
//! Einstein relation
//!
//! D(X, Y) = ½ Σ_L ( \[X, L†\]\[L, Y\] + \[Y, L†\]\[L, X\] )
//!
//! evaluated at the mean field, which is exact for jumps linear in a, a† and the leading order in the fluctuations for
//! any polynomial jump.
//!
//! An anti-Hermitian part H_c moves a coherent state by ⟨H_c a + aH_c⟩ − 2⟨H_c⟩⟨a⟩ = ∂h/∂z_k* with the normal symbol h of H_c: that is
//! added to the flow. A state that is spread is weighed as well, by 2(H_c − ⟨H_c⟩), and has no closed equations of its first and second
//! moments: of such a model there are flow and drift, and no diffusion.

use crate::algebra::{Generator, ModeId, Monomial, Operator, Polynomial, Scalar};
use crate::model::{Bath, Model};

/// One entry of a sparse matrix of polynomials.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Row mode.
    pub row: usize,
    /// Column mode.
    pub column: usize,
    /// Distance in cells between column and row on a ring; 0 in the full matrix.
    pub shift: i32,
    /// Value.
    pub polynomial: Polynomial,
}

/// A sparse matrix of polynomials.
pub type SparsePolynomials = Vec<Entry>;

/// Flow, drift and diffusion of a model as polynomials in z, z*; parameters stay symbolic.
#[derive(Clone, Debug)]
pub struct Equations {
    /// Number of modes n.
    pub modes: usize,
    /// Number of parameters the scalars refer to.
    pub parameters: usize,
    /// f_k, one for each mode.
    pub flow: Vec<Polynomial>,
    /// A_kl = ∂f_k/∂z_l.
    pub drift: SparsePolynomials,
    /// B_kl = ∂f_k/∂z_l*.
    pub drift_conj: SparsePolynomials,
    /// Diffusion of C(a_k, a_l†).
    pub diffusion: SparsePolynomials,
    /// Diffusion of C(a_k, a_l).
    pub diffusion_anomalous: SparsePolynomials,
}

impl Equations {
    /// Derives the equations of `model`: O(terms) products, each mode sees only the terms that contain it.
    pub fn derive(model: &Model) -> Self {
        let jumps: Vec<Operator> = model.jumps.iter().map(|jump| jump.operator.clone()).collect();
        let mut equations = Self::from_operators(model.modes.len(), model.parameters.len(), &model.generator(), &jumps);
        if !model.antihermitian.is_zero() {
            for (f, gain) in equations.flow.iter_mut().zip(gain(model)) {
                *f = f.add(&gain);
            }
            let (drift, drift_conj) = jacobian(&equations.flow);
            return Self { drift, drift_conj, diffusion: Vec::new(), diffusion_anomalous: Vec::new(), ..equations };
        }
        equations.diffusion_anomalous.extend(model.baths.iter().filter_map(momentum_noise));
        equations
    }

    /// The same from bare operators over modes 0 … n − 1.
    pub fn from_operators(n: usize, parameters: usize, hamiltonian: &Operator, jumps: &[Operator]) -> Self {
        let generator = Generator::new(hamiltonian, jumps);
        let flow: Vec<Polynomial> =
            (0..n).map(|k| generator.apply(&Operator::annihilation(ModeId(k as u32))).normal_symbol()).collect();
        let (drift, drift_conj) = jacobian(&flow);
        let (diffusion, diffusion_anomalous) = diffusion(jumps);
        Self { modes: n, parameters, flow, drift, drift_conj, diffusion, diffusion_anomalous }
    }

    /// Whether any coefficient depends on time.
    pub fn driven(&self) -> bool {
        let sparse = [&self.drift, &self.drift_conj, &self.diffusion, &self.diffusion_anomalous];
        self.flow
            .iter()
            .chain(sparse.into_iter().flatten().map(|entry| &entry.polynomial))
            .any(Polynomial::depends_on_time)
    }

    /// Whether the flow is linear (quadratic Hamiltonian, jumps linear): the gaussian level is then exact.
    pub fn linear(&self) -> bool {
        let constant = |entries: &SparsePolynomials| entries.iter().all(|entry| entry.polynomial.degree() == 0);
        [&self.drift, &self.drift_conj, &self.diffusion, &self.diffusion_anomalous].into_iter().all(constant)
    }
}

/// ∂h/∂z_k* of each mode, h the normal symbol of the anti-Hermitian part.
pub(crate) fn gain(model: &Model) -> impl Iterator<Item = Polynomial> {
    let symbol = model.antihermitian.normal_symbol();
    (0..model.len()).map(move |k| symbol.derivative_conj(ModeId(k as u32)))
}

/// Momentum damping takes s γ(n̄+½) of noise from q and gives it to p.
pub(crate) fn momentum_noise(bath: &Bath) -> Option<Entry> {
    if bath.momentum.is_zero() {
        return None;
    }
    let noise = bath.rate.mul(&bath.occupation.add(&Scalar::real(0.5))).mul(&bath.momentum);
    let k = bath.mode.0 as usize;
    Some(Entry { row: k, column: k, shift: 0, polynomial: Polynomial::scalar(noise.neg()) })
}

fn jacobian(flow: &[Polynomial]) -> (SparsePolynomials, SparsePolynomials) {
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for (row, f) in flow.iter().enumerate() {
        for mode in f.modes() {
            let column = mode.0 as usize;
            for (entries, derivative) in [(&mut a, f.derivative(mode)), (&mut b, f.derivative_conj(mode))] {
                if !derivative.is_zero() {
                    entries.push(Entry { row, column, shift: 0, polynomial: derivative });
                }
            }
        }
    }
    (a, b)
}

/// D(a_k, a_l†) and D(a_k, a_l) from the symbols of the commutators:
/// [a_k, L†] → ∂L*/∂z_k*, [L, a_l†] → ∂L/∂z_l, [L, a_k] → −∂L/∂z_k*, [a_l†, L†] → −∂L*/∂z_l.
fn diffusion(jumps: &[Operator]) -> (SparsePolynomials, SparsePolynomials) {
    use std::collections::BTreeMap;
    let half = Scalar::real(0.5);
    let mut normal: BTreeMap<(usize, usize), Polynomial> = BTreeMap::new();
    let mut anomalous: BTreeMap<(usize, usize), Polynomial> = BTreeMap::new();
    for jump in jumps {
        let symbol = jump.normal_symbol();
        // One mode: ∂L/∂z and ∂L/∂z*; the derivatives of L* are their complex conjugates, exchanged.
        let gradients: Vec<(usize, Polynomial, Polynomial)> = symbol
            .modes()
            .into_iter()
            .map(|mode| (mode.0 as usize, symbol.derivative(mode), symbol.derivative_conj(mode)))
            .collect();
        for (k, l_k, lbar_k) in &gradients {
            for (l, l_l, lbar_l) in &gradients {
                // ∂L*/∂z_k* ∂L/∂z_l + ∂L*/∂z_l ∂L/∂z_k*
                let value = l_k.conj().mul(l_l).add(&lbar_l.conj().mul(lbar_k));
                add(&mut normal, (*k, *l), value.scale(&half));
                // −∂L*/∂z_k* ∂L/∂z_l* − ∂L*/∂z_l* ∂L/∂z_k*
                let value = l_k.conj().mul(lbar_l).add(&l_l.conj().mul(lbar_k));
                add(&mut anomalous, (*k, *l), value.scale(&Scalar::real(-0.5)));
            }
        }
    }
    let collect = |map: BTreeMap<(usize, usize), Polynomial>| {
        map.into_iter()
            .filter(|(_, p)| !p.is_zero())
            .map(|((row, column), polynomial)| Entry { row, column, shift: 0, polynomial })
            .collect()
    };
    (collect(normal), collect(anomalous))
}

fn add(map: &mut std::collections::BTreeMap<(usize, usize), Polynomial>, key: (usize, usize), value: Polynomial) {
    let entry = map.entry(key).or_insert_with(Polynomial::zero);
    *entry = entry.add(&value);
}

/// Powers of z* and z of one monomial as a flat list of variables: index k for z_k, n + k for z_k*.
pub(crate) fn variables(monomial: &Monomial, modes: usize) -> Vec<u32> {
    let mut list = Vec::new();
    for factor in monomial.factors() {
        list.extend(std::iter::repeat_n(factor.mode.0, factor.word.ann as usize));
        list.extend(std::iter::repeat_n(factor.mode.0 + modes as u32, factor.word.dag as usize));
    }
    list.sort_unstable();
    list
}

/// A ring: arrays of modes of one length, `members[array][site]` the mode there.
#[derive(Clone, Debug, PartialEq)]
pub struct Ring {
    /// Number of sites N.
    pub cells: usize,
    /// Modes by array and site.
    pub members: Vec<Vec<usize>>,
    /// For each mode its array and site.
    pub places: Vec<(usize, usize)>,
}

impl Ring {
    /// The ring of a model whose modes are arrays of one length N ≥ 3, if it is one.
    pub fn of(model: &Model) -> Option<Self> {
        let mut names: Vec<&str> = Vec::new();
        let mut members: Vec<Vec<usize>> = Vec::new();
        let mut places = Vec::new();
        for (k, mode) in model.modes.iter().enumerate() {
            let (name, _) = mode.array.as_ref()?;
            let array = names.iter().position(|n| n == name).unwrap_or_else(|| {
                names.push(name);
                members.push(Vec::new());
                names.len() - 1
            });
            places.push((array, members[array].len()));
            members[array].push(k);
        }
        let cells = members.first()?.len();
        (cells >= 3 && members.iter().all(|m| m.len() == cells)).then_some(Self { cells, members, places })
    }

    /// The distance from site `from` to site `to`, in (−N/2, N/2].
    fn distance(&self, from: usize, to: usize) -> i32 {
        let n = self.cells as i32;
        let d = (to as i32 - from as i32).rem_euclid(n);
        if 2 * d > n { d - n } else { d }
    }
}

impl Equations {
    /// The equations of one cell of a translation-invariant ring for states that are the same in every cell; drift and
    /// diffusion carry the distance they reach over. `None` where a shift by one site, or the reflection of the ring, does
    /// not map the equations onto themselves.
    pub fn unit_cell(&self, ring: &Ring) -> Option<Self> {
        let shift = |mode: ModeId| {
            let (array, site) = ring.places[mode.0 as usize];
            ModeId(ring.members[array][(site + 1) % ring.cells] as u32)
        };
        for k in 0..self.modes {
            let next = shift(ModeId(k as u32)).0 as usize;
            if self.flow[k].map_modes(&shift) != self.flow[next] {
                return None;
            }
        }
        let cell_of = |mode: ModeId| ModeId(ring.places[mode.0 as usize].0 as u32);
        let mut reduced = Self {
            modes: ring.members.len(),
            parameters: self.parameters,
            flow: ring.members.iter().map(|m| self.flow[m[0]].map_modes(&cell_of)).collect(),
            drift: Vec::new(),
            drift_conj: Vec::new(),
            diffusion: Vec::new(),
            diffusion_anomalous: Vec::new(),
        };
        let pairs = [
            (&self.drift, &mut reduced.drift),
            (&self.drift_conj, &mut reduced.drift_conj),
            (&self.diffusion, &mut reduced.diffusion),
            (&self.diffusion_anomalous, &mut reduced.diffusion_anomalous),
        ];
        for (index, (full, cell)) in pairs.into_iter().enumerate() {
            // The flow was compared above; the diffusion is compared entry by entry.
            if index >= 2 {
                let table: std::collections::BTreeMap<(usize, usize), &Polynomial> =
                    full.iter().map(|entry| ((entry.row, entry.column), &entry.polynomial)).collect();
                let moved = |k: usize| shift(ModeId(k as u32)).0 as usize;
                for entry in full {
                    if table.get(&(moved(entry.row), moved(entry.column))) != Some(&&entry.polynomial.map_modes(&shift))
                    {
                        return None;
                    }
                }
            }
            for entry in full {
                let (row, site) = ring.places[entry.row];
                if site == 0 {
                    let (column, other) = ring.places[entry.column];
                    let polynomial = entry.polynomial.map_modes(&cell_of);
                    cell.push(Entry { row, column, shift: ring.distance(0, other), polynomial });
                }
            }
            let mirrored = |entry: &Entry| {
                entry.shift == 0
                    || 2 * entry.shift.unsigned_abs() as usize == ring.cells
                    || cell.iter().any(|e| {
                        e.row == entry.row
                            && e.column == entry.column
                            && e.shift == -entry.shift
                            && e.polynomial == entry.polynomial
                    })
            };
            if !cell.iter().all(mirrored) {
                return None;
            }
        }
        Some(reduced)
    }
}
