//! The equations of a model at the mean-field and gaussian levels, derived once from its operators.
//!
//! With z_k = ⟨a_k⟩ and normal ordering (⟨a†ᵐaⁿ⟩ → z*ᵐzⁿ) the adjoint Lindblad equation of a_k gives the **flow**
//! ż_k = f_k(z, z*). Its exact derivatives A = ∂f/∂z and B = ∂f/∂z* are the **drift** of the fluctuations,
//! δż = A δz + B δz*, and the **diffusion** of the symmetrised covariances C_kl = ½⟨{R_k, R_l}⟩ comes from the generalised
//! Einstein relation
//!
//! D(X, Y) = ½ Σ_L ( \[X, L†\]\[L, Y\] + \[Y, L†\]\[L, X\] )
//!
//! in normal order at the mean field, which is exact for jumps linear in a, a† and the leading order in the fluctuations for
//! any polynomial jump; \[δa, δa†\] = 1 and the uncertainty relation hold for all.
//!
//! A coefficient may depend on the mean field. What it holds fixed (`mean(…)`) stands still in the drift of the fluctuations, but not
//! in the Jacobian of the flow: [`Equations::of_mean_field`].
//!
//! A **spin** j is taken as 2j spins ½ in one state, in which the words of its operators have exact means (`product_symbol`); the adjoint
//! equations of J₋ and J_z give its flow, and the Einstein relation with the means of the products of commutators its diffusion. Its
//! variables are ⟨J₋⟩, in the place of the mode, and ⟨J_z⟩, behind all modes: a complex number whose imaginary part stays 0.
//!
//! An anti-Hermitian part H_c moves a coherent state by ⟨H_c a + aH_c⟩ − 2⟨H_c⟩⟨a⟩ = ∂h/∂z_k* with the normal symbol h of H_c: that is
//! added to the flow. A state that is spread is weighed as well, by 2(H_c − ⟨H_c⟩), and has no closed equations of its first and second
//! moments: of such a model there are flow and drift, and no diffusion.

use crate::algebra::{Generator, ModeId, Monomial, Operator, Polynomial, Scalar, commutator};
use crate::model::{Bath, Model, Motion};

/// One entry of a sparse matrix of polynomials.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Row variable.
    pub row: usize,
    /// Column variable.
    pub column: usize,
    /// Distance in cells between column and row on a ring; 0 in the full matrix.
    pub shift: i32,
    /// Value.
    pub polynomial: Polynomial,
}

/// A sparse matrix of polynomials.
pub type SparsePolynomials = Vec<Entry>;

/// A spin among the modes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spin {
    /// The mode, whose variable is ⟨J₋⟩.
    pub mode: usize,
    /// The variable ⟨J_z⟩.
    pub z: usize,
    /// 2j.
    pub twice: u32,
    /// Whether the flow keeps |⟨J⟩|: no jump acts on the spin.
    pub rigid: bool,
}

/// The spins of a model with these 2j and jumps, their ⟨J_z⟩ numbered behind the modes.
pub fn spins<'a>(twice: &[Option<u32>], jumps: impl IntoIterator<Item = &'a Operator>) -> Vec<Spin> {
    let moved: std::collections::BTreeSet<ModeId> = jumps.into_iter().flat_map(Operator::modes).collect();
    twice
        .iter()
        .enumerate()
        .filter_map(|(mode, twice)| Some((mode, (*twice)?)))
        .enumerate()
        .map(|(k, (mode, length))| Spin {
            mode,
            z: twice.len() + k,
            twice: length,
            rigid: !moved.contains(&ModeId(mode as u32)),
        })
        .collect()
}

/// Flow, drift and diffusion of a model as polynomials in z, z*; parameters stay symbolic.
#[derive(Clone, Debug)]
pub struct Equations {
    /// Number of modes n.
    pub modes: usize,
    /// The spins among them. Each has a variable ⟨J_z⟩ behind those of the modes.
    pub spins: Vec<Spin>,
    /// Number of parameters the scalars refer to.
    pub parameters: usize,
    /// f_k, one for each variable: the modes, then ⟨J_z⟩ of the spins.
    pub flow: Vec<Polynomial>,
    /// A_kl = ∂f_k/∂z_l.
    pub drift: SparsePolynomials,
    /// B_kl = ∂f_k/∂z_l*.
    pub drift_conj: SparsePolynomials,
    /// Diffusion of C(a_k, a_l†).
    pub diffusion: SparsePolynomials,
    /// Diffusion of C(a_k, a_l).
    pub diffusion_anomalous: SparsePolynomials,
    /// Whether the drift of some fluctuations is given, not the derivative of the flow.
    pub given: bool,
}

impl Equations {
    /// Derives the equations of `model`: O(terms) products, each mode sees only the terms that contain it.
    pub fn derive(model: &Model) -> Self {
        let (own, shared): (Vec<_>, Vec<_>) = model.jumps.iter().partition(|jump| jump.members.is_some());
        let jumps: Vec<Operator> = shared.into_iter().map(|jump| jump.operator.clone()).collect();
        let own: Vec<Operator> = own.into_iter().map(|jump| jump.operator.clone()).collect();
        let mut equations = Self::of_sites(&model.spins(), model.parameters.len(), &model.generator(), &jumps, &own);
        if !model.antihermitian.is_zero() {
            for (f, gain) in equations.flow.iter_mut().zip(gain(model)) {
                *f = f.add(&gain);
            }
            let (drift, drift_conj) = jacobian(&equations.flow, &equations.spins);
            return Self { drift, drift_conj, diffusion: Vec::new(), diffusion_anomalous: Vec::new(), ..equations };
        }
        equations.diffusion_anomalous.extend(model.baths.iter().filter_map(momentum_noise));
        if let Some(motion) = &model.motion {
            equations.extend(motion);
        }
        equations
    }

    /// Adds what the model says of its motion beside H, jumps and baths.
    fn extend(&mut self, motion: &Motion) {
        for (f, more) in self.flow.iter_mut().zip(&motion.flow) {
            *f = f.add(more);
        }
        (self.drift, self.drift_conj) = jacobian(&self.flow, &self.spins);
        self.given = !motion.given.is_empty();
        let given = |entry: &Entry| motion.given.contains(&ModeId(entry.row as u32));
        for entries in [&mut self.drift, &mut self.drift_conj] {
            entries.retain(|entry| !given(entry));
        }
        let entry = |row: ModeId, column: ModeId, polynomial: Polynomial| Entry {
            row: row.0 as usize,
            column: column.0 as usize,
            shift: 0,
            polynomial,
        };
        for e in motion.drift.iter().filter(|e| !e.value.is_zero()) {
            let list = if e.conj { &mut self.drift_conj } else { &mut self.drift };
            list.push(entry(e.row, e.column, e.value.clone()));
        }
        for e in motion.diffusion.iter().filter(|e| !e.value.is_zero()) {
            let list = if e.conj { &mut self.diffusion } else { &mut self.diffusion_anomalous };
            list.push(entry(e.row, e.column, e.value.clone()));
            if e.row != e.column {
                // D(a_l, a_k†) = D(a_k, a_l†)*, D(a_l, a_k) = D(a_k, a_l).
                let turned = if e.conj { e.value.conj() } else { e.value.clone() };
                list.push(entry(e.column, e.row, turned));
            }
        }
    }

    /// The same from bare operators over the bosonic modes 0 … n − 1.
    pub fn from_operators(n: usize, parameters: usize, hamiltonian: &Operator, jumps: &[Operator]) -> Self {
        Self::of_sites(&vec![None; n], parameters, hamiltonian, jumps, &[])
    }

    /// The same over bosons and spins, of which `twice` gives 2j, or the number of members of an ensemble; `own` are jumps that all its
    /// members have, each its own.
    pub fn of_sites(
        twice: &[Option<u32>],
        parameters: usize,
        hamiltonian: &Operator,
        jumps: &[Operator],
        own: &[Operator],
    ) -> Self {
        let generator = Generator::new(hamiltonian, jumps);
        let spins = spins(twice, jumps.iter().chain(own));
        let of_modes = twice.iter().enumerate().map(|(k, spin)| lowering(k, spin.is_some()));
        let of_z = spins.iter().map(|s| Operator::spin_z(ModeId(s.mode as u32)));
        let flow: Vec<Polynomial> = of_modes
            .chain(of_z)
            .map(|x| {
                let shared = generator.apply(&x).product_symbol(twice);
                own.iter().fold(shared, |sum, jump| sum.add(&moved_by_members(jump, &x, twice)))
            })
            .collect();
        let (drift, drift_conj) = jacobian(&flow, &spins);
        let (diffusion, diffusion_anomalous) = diffusion(jumps, own, twice, &spins);
        Self {
            modes: twice.len(),
            spins,
            parameters,
            flow,
            drift,
            drift_conj,
            diffusion,
            diffusion_anomalous,
            given: false,
        }
    }

    /// Number of complex variables: one for each mode, one more for each spin.
    pub fn variables(&self) -> usize {
        self.modes + self.spins.len()
    }

    /// Whether any coefficient depends on time.
    pub fn driven(&self) -> bool {
        let sparse = [&self.drift, &self.drift_conj, &self.diffusion, &self.diffusion_anomalous];
        self.flow
            .iter()
            .chain(sparse.into_iter().flatten().map(|entry| &entry.polynomial))
            .any(Polynomial::depends_on_time)
    }

    /// The equations of the mean field alone where the drift of its fluctuations is not the Jacobian of the flow, because
    /// it is given or coefficients hold a mean fixed: the same flow with its Jacobian, through those means as well. `None` where the two are one.
    pub fn of_mean_field(&self) -> Option<Self> {
        if !self.given && !self.flow.iter().any(Polynomial::holds) {
            return None;
        }
        let flow: Vec<Polynomial> = self.flow.iter().map(Polynomial::released).collect();
        let (drift, drift_conj) = jacobian(&flow, &self.spins);
        Some(Self { flow, drift, drift_conj, given: false, ..self.clone() })
    }

    /// Whether the flow is linear (quadratic Hamiltonian, jumps linear): the gaussian level is then exact.
    pub fn linear(&self) -> bool {
        let constant = |entries: &SparsePolynomials| {
            entries.iter().all(|entry| entry.polynomial.degree() == 0 && entry.polynomial.fields().is_empty())
        };
        !self.given
            && self.flow.iter().all(|f| f.fields().is_empty())
            && [&self.drift, &self.drift_conj, &self.diffusion, &self.diffusion_anomalous].into_iter().all(constant)
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

/// a of a boson, J₋ of a spin.
pub(crate) fn lowering(mode: usize, spin: bool) -> Operator {
    let id = ModeId(mode as u32);
    if spin { Operator::lowering(id) } else { Operator::annihilation(id) }
}

/// The mean of Σ_i X_i over the N members of an ensemble from that of an operator X of one of them, c₀ + c·s → N c₀ + c·J: of one spin ½ every
/// operator is of this form.
fn of_members(x: &Operator, ensemble: Option<ModeId>, twice: &[Option<u32>]) -> Polynomial {
    let one: Vec<Option<u32>> = twice.iter().map(|s| s.map(|_| 1)).collect();
    let members = ensemble.and_then(|mode| twice[mode.0 as usize]).unwrap_or(1);
    let symbol = x.product_symbol(&one);
    let of_all = |(m, c): (&Monomial, &Scalar)| {
        let count = if m.is_one() { f64::from(members) } else { 1.0 };
        (m.clone(), c.times(count.into()))
    };
    Polynomial::from_terms(symbol.iter().map(of_all))
}

/// What jumps of the members of an ensemble do to X, J₋ or J_z of it: Σ_i D†\[L_i\]s_i.
fn moved_by_members(jump: &Operator, x: &Operator, twice: &[Option<u32>]) -> Polynomial {
    if jump.modes() != x.modes() {
        return Polynomial::zero();
    }
    let motion = Generator::new(&Operator::zero(), std::slice::from_ref(jump)).apply(x);
    of_members(&motion, jump.modes().first().copied(), twice)
}

/// The adjoint generator of the jumps of members of ensembles on J₋ or J_z of one of them, exact.
pub fn member_motion(model: &Model, x: &Operator) -> Operator {
    let twice = model.spins();
    let own = model.jumps.iter().filter(|jump| jump.members.is_some());
    let sum = own.fold(Polynomial::zero(), |sum, jump| sum.add(&moved_by_members(&jump.operator, x, &twice)));
    Operator::from_terms(sum.iter().map(|(m, c)| (m.clone(), c.clone())))
}

fn jacobian(flow: &[Polynomial], spins: &[Spin]) -> (SparsePolynomials, SparsePolynomials) {
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for (row, f) in flow.iter().enumerate() {
        for mode in f.modes() {
            let column = mode.0 as usize;
            for (entries, derivative) in [(&mut a, f.derivative(mode)), (&mut b, f.derivative_conj(mode))] {
                if !derivative.is_zero() {
                    entries.push(Entry { row, column, shift: 0, polynomial: derivative });
                }
            }
            if let Some(spin) = spins.iter().find(|s| s.mode == column) {
                let derivative = f.derivative_z(mode);
                if !derivative.is_zero() {
                    a.push(Entry { row, column: spin.z, shift: 0, polynomial: derivative });
                }
            }
        }
    }
    (a, b)
}

/// D(X_k, X_l†) and D(X_k, X_l) of the variables X that the jumps move, as means of the products of commutators. With the means of the flow
/// they keep the commutators of the fluctuations, and so the uncertainty relation; they are exact for one spin ½ and in spin coherent states.
fn diffusion(
    jumps: &[Operator],
    own: &[Operator],
    twice: &[Option<u32>],
    spins: &[Spin],
) -> (SparsePolynomials, SparsePolynomials) {
    use std::collections::BTreeMap;
    let half = Scalar::real(0.5);
    let mut normal: BTreeMap<(usize, usize), Polynomial> = BTreeMap::new();
    let mut anomalous: BTreeMap<(usize, usize), Polynomial> = BTreeMap::new();
    let all = jumps.iter().map(|jump| (jump, false)).chain(own.iter().map(|jump| (jump, true)));
    for (jump, of_each) in all {
        let ensemble = jump.modes().first().copied();
        let mean = |x: &Operator| if of_each { of_members(x, ensemble, twice) } else { x.product_symbol(twice) };
        let adjoint = jump.adjoint();
        // One variable: [X, L†], [X†, L†], [L, X†] and [L, X].
        let mut commutators: Vec<(usize, [Operator; 4])> = Vec::new();
        let mut put = |k: usize, x: Operator| {
            let dag = x.adjoint();
            let list =
                [commutator(&x, &adjoint), commutator(&dag, &adjoint), commutator(jump, &dag), commutator(jump, &x)];
            commutators.push((k, list));
        };
        for mode in jump.modes() {
            let k = mode.0 as usize;
            put(k, lowering(k, twice[k].is_some()));
            if let Some(spin) = spins.iter().find(|s| s.mode == k) {
                put(spin.z, Operator::spin_z(mode));
            }
        }
        for (k, [a_k, _, _, l_k]) in &commutators {
            for (l, [a_l, dag_l, ldag_l, l_l]) in &commutators {
                let value = a_k.mul(ldag_l).add(&dag_l.mul(l_k));
                add(&mut normal, (*k, *l), mean(&value.scale(&half)));
                let value = a_k.mul(l_l).add(&a_l.mul(l_k));
                add(&mut anomalous, (*k, *l), mean(&value.scale(&half)));
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

/// Powers of z* and z of one monomial of bosons as a flat list of variables: index k for z_k, n + k for z_k*.
pub(crate) fn variables(monomial: &Monomial, modes: usize) -> Vec<u32> {
    variables_with(monomial, modes, &[])
}

/// The same with spins: `count` variables, of which ⟨J_z⟩ stands where `spins` says.
pub(crate) fn variables_with(monomial: &Monomial, count: usize, spins: &[Spin]) -> Vec<u32> {
    let mut list = Vec::new();
    for factor in monomial.factors() {
        let (mode, word) = (factor.mode.0, factor.word);
        list.extend(std::iter::repeat_n(mode, word.ann as usize));
        list.extend(std::iter::repeat_n(mode + count as u32, word.dag as usize));
        if word.z > 0 {
            let spin = spins.iter().find(|s| s.mode == mode as usize).expect("J_z is of a spin");
            list.extend(std::iter::repeat_n(spin.z as u32, word.z as usize));
        }
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
    /// The ring of a model whose modes are arrays of bosons of one length N ≥ 3, if it is one.
    pub fn of(model: &Model) -> Option<Self> {
        if model.first_spin().is_some() {
            return None;
        }
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
            spins: Vec::new(),
            parameters: self.parameters,
            flow: ring.members.iter().map(|m| self.flow[m[0]].map_modes(&cell_of)).collect(),
            drift: Vec::new(),
            drift_conj: Vec::new(),
            diffusion: Vec::new(),
            diffusion_anomalous: Vec::new(),
            given: self.given,
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
