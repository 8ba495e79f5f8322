//! One bosonic site: powers of a† and a, and the product of two of them.
//!
//! A site of another kind (a spin, a fermion) gets a file like this one: the words of the site, the product of two words
//! as a sum of words, and the adjoint. Everything above (monomials over several sites, operators, orderings) only asks
//! for these.

/// The normal-ordered word (a†)^`dag` a^`ann` of one bosonic mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Boson {
    /// Power of a† (of z* in a c-number polynomial).
    pub dag: u16,
    /// Power of a (of z in a c-number polynomial).
    pub ann: u16,
}

impl Boson {
    /// The word a.
    pub const ANNIHILATION: Boson = Boson { dag: 0, ann: 1 };
    /// The word a†.
    pub const CREATION: Boson = Boson { dag: 1, ann: 0 };

    /// (a†^m a^n)† = a†^n a^m.
    pub fn adjoint(self) -> Boson {
        Boson { dag: self.ann, ann: self.dag }
    }

    /// Total power m + n.
    pub fn degree(self) -> u32 {
        u32::from(self.dag) + u32::from(self.ann)
    }

    /// Charge m − n under a → e^{-iθ} a.
    pub fn charge(self) -> i64 {
        i64::from(self.dag) - i64::from(self.ann)
    }

    /// Largest number of contractions in `self * right`: min(power of a here, power of a† there).
    pub fn contractions(self, right: Boson) -> u16 {
        self.ann.min(right.dag)
    }

    /// The term with `k` contractions of the product in normal order,
    ///
    /// (a†^p a^q)(a†^r a^s) = Σ_k k! C(q,k) C(r,k) a†^{p+r−k} a^{q+s−k},
    ///
    /// as its coefficient (exact below 2^53) and its word.
    pub fn contracted(self, right: Boson, k: u16) -> (f64, Boson) {
        let weight = contraction_weight(self.ann, right.dag, k);
        (weight, Boson { dag: self.dag + right.dag - k, ann: self.ann + right.ann - k })
    }
}

/// k! C(m,k) C(n,k): the number of ways to contract k of m with k of n.
pub fn contraction_weight(m: u16, n: u16, k: u16) -> f64 {
    let mut weight = 1.0;
    for j in 0..k {
        weight = weight * f64::from(m - j) * f64::from(n - j) / f64::from(j + 1);
    }
    weight
}
