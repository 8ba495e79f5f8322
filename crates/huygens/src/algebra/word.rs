//! One site of a monomial: a power of the ladder operators of a boson or of a spin, and the product of two of them.
//!
//! Everything above (monomials over several sites, operators, orderings) only asks for the words of a site, their products as sums of
//! words, and their adjoints.

/// What stands at a site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Site {
    /// A bosonic mode: [a, a†] = 1.
    #[default]
    Boson,
    /// A spin of any length: [J₊, J₋] = 2J_z, [J_z, J±] = ±J±.
    Spin,
}

/// The ordered word of one site: (a†)^`up` a^`down` of a boson, J₊^`up` J_z^`z` J₋^`down` of a spin.
///
/// The words of a spin are the basis of Poincaré, Birkhoff and Witt of the algebra su(2) whatever the length j is; relations of one j,
/// such as J₊² = 0 for j = ½, are not used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Word {
    /// The kind of the site.
    pub site: Site,
    /// Power of a† or J₊ (of z* in a c-number polynomial).
    pub dag: u16,
    /// Power of a or J₋ (of z in a c-number polynomial).
    pub ann: u16,
    /// Power of J_z.
    pub z: u16,
}

impl Word {
    /// The word a.
    pub const ANNIHILATION: Word = Word::boson(0, 1);
    /// The word a†.
    pub const CREATION: Word = Word::boson(1, 0);
    /// The word J₊.
    pub const RAISING: Word = Word::spin(1, 0, 0);
    /// The word J_z.
    pub const Z: Word = Word::spin(0, 1, 0);
    /// The word J₋.
    pub const LOWERING: Word = Word::spin(0, 0, 1);

    /// (a†)^`dag` a^`ann`.
    pub const fn boson(dag: u16, ann: u16) -> Word {
        Word { site: Site::Boson, dag, ann, z: 0 }
    }

    /// J₊^`plus` J_z^`z` J₋^`minus`.
    pub const fn spin(plus: u16, z: u16, minus: u16) -> Word {
        Word { site: Site::Spin, dag: plus, ann: minus, z }
    }

    /// The adjoint: (a†^m a^n)† = a†^n a^m, (J₊^k J_z^l J₋^m)† = J₊^m J_z^l J₋^k.
    pub fn adjoint(self) -> Word {
        Word { dag: self.ann, ann: self.dag, ..self }
    }

    /// Total power.
    pub fn degree(self) -> u32 {
        u32::from(self.dag) + u32::from(self.ann) + u32::from(self.z)
    }

    /// Charge under a → e^{-iθ} a, J₋ → e^{-iθ} J₋.
    pub fn charge(self) -> i64 {
        i64::from(self.dag) - i64::from(self.ann)
    }

    /// The product as c-numbers, which is the leading term of the product of operators in either order.
    pub fn times_commuting(self, right: Word) -> Word {
        Word { dag: self.dag + right.dag, ann: self.ann + right.ann, z: self.z + right.z, ..self }
    }

    /// The terms of the ordered product `self * right` but for the leading one, of lower degree, with their coefficients (exact below
    /// 2^53):
    ///
    /// (a†^p a^q)(a†^r a^s) = Σ_k k! C(q,k) C(r,k) a†^{p+r−k} a^{q+s−k},
    ///
    /// and for spins by J₋J₊^n = J₊^n J₋ − nJ₊^{n−1}(2J_z + n − 1), J_zJ₊ = J₊(J_z + 1), J₋J_z = (J_z + 1)J₋.
    pub fn lower_terms(self, right: Word) -> Vec<(f64, Word)> {
        match self.site {
            Site::Boson => (1..=self.ann.min(right.dag))
                .map(|k| {
                    let word = Word::boson(self.dag + right.dag - k, self.ann + right.ann - k);
                    (contraction_weight(self.ann, right.dag, k), word)
                })
                .collect(),
            Site::Spin => self.lower_spin_terms(right),
        }
    }

    fn lower_spin_terms(self, right: Word) -> Vec<(f64, Word)> {
        let leading = self.times_commuting(right);
        // J₋^m J₊^n = Σ_k J₊^{n−k} f_k(J_z) J₋^{m−k}.
        let n = usize::from(right.dag);
        let mut list: Vec<Vec<f64>> = vec![vec![1.0]];
        for step in 0..self.ann {
            // After `step` factors the k-th term carries J₊^{n−k} and J₋^{step−k}.
            let mut next = vec![Vec::new(); (usize::from(step) + 1).min(n) + 1];
            for (k, f) in list.iter().enumerate() {
                next[k] = added(&next[k], &shifted(f, 1.0));
                if k < n {
                    let power = (n - k) as f64;
                    next[k + 1] = added(&next[k + 1], &times(f, &[-power * (power - 1.0), -2.0 * power]));
                }
            }
            list = next;
        }
        let mut out = Vec::new();
        for (k, f) in list.iter().enumerate() {
            let (plus, minus) = (right.dag - k as u16, self.ann - k as u16);
            let mut product = f.clone();
            for _ in 0..self.z {
                product = times(&product, &[f64::from(plus), 1.0]);
            }
            for _ in 0..right.z {
                product = times(&product, &[f64::from(minus), 1.0]);
            }
            for (z, c) in product.into_iter().enumerate() {
                let word = Word::spin(self.dag + plus, z as u16, minus + right.ann);
                if c != 0.0 && word != leading {
                    out.push((c, word));
                }
            }
        }
        out
    }
}

/// f(z + a) of coefficients by power.
fn shifted(f: &[f64], a: f64) -> Vec<f64> {
    let mut out = vec![0.0];
    for c in f.iter().rev() {
        out = times(&out, &[a, 1.0]);
        out[0] += c;
    }
    out.truncate(f.len().max(1));
    out
}

pub(crate) fn added(a: &[f64], b: &[f64]) -> Vec<f64> {
    let at = |list: &[f64], k: usize| list.get(k).copied().unwrap_or(0.0);
    (0..a.len().max(b.len())).map(|k| at(a, k) + at(b, k)).collect()
}

pub(crate) fn times(a: &[f64], b: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; a.len() + b.len() - 1];
    for (i, x) in a.iter().enumerate() {
        for (j, y) in b.iter().enumerate() {
            out[i + j] += x * y;
        }
    }
    out
}

/// k! C(m,k) C(n,k): the number of ways to contract k of m with k of n.
pub fn contraction_weight(m: u16, n: u16, k: u16) -> f64 {
    let mut weight = 1.0;
    for j in 0..k {
        weight = weight * f64::from(m - j) * f64::from(n - j) / f64::from(j + 1);
    }
    weight
}
