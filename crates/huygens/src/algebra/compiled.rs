//! Many scalars as one flat program: evaluated in a sweep or in every step of an integration.

use super::field::Field;
use super::scalar::{Atom, EvalError, EvalErrorKind, Exponent, Function, Scalar, raise};
use num_complex::Complex64 as c64;
use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Op {
    Number(u64),
    Parameter(u32),
    Time,
    Field(Field),
    Product(u32, u32),
    Power(u32, Exponent),
    Apply(Function, u32),
    /// A real sum over `linear[start..start + len]`.
    Combine(u32, u32),
}

#[derive(Clone, Debug)]
struct Instruction {
    op: Op,
    target: u32,
    /// Index into `expressions`, for operations that can fail.
    expression: u32,
}

/// A list of scalars compiled to a program with shared subexpressions.
///
/// What depends neither on the time nor on the mean field is computed once by [`Compiled::bind`]; [`Compiled::at`] then runs only
/// what does. Neither allocates.
#[derive(Clone, Debug, Default)]
pub struct Compiled {
    constant: Vec<Instruction>,
    moving: Vec<Instruction>,
    linear: Vec<(f64, u32)>,
    outputs: Vec<(u32, u32)>,
    weights: Vec<(c64, u32)>,
    moving_outputs: Vec<u32>,
    expressions: Vec<Scalar>,
    results: Vec<Scalar>,
    slots: usize,
    parameters: usize,
    /// Whether a quantity of the mean field occurs.
    follows: bool,
}

/// Working memory of [`Compiled::eval`]; make one with [`Compiled::scratch`] and use it again.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    values: Vec<f64>,
}

struct Builder {
    program: Compiled,
    known: BTreeMap<Op, u32>,
    sums: BTreeMap<Scalar, u32>,
    is_moving: Vec<bool>,
}

impl Builder {
    fn emit(&mut self, op: Op, moving: bool, expression: impl FnOnce() -> Scalar) -> u32 {
        if let Some(slot) = self.known.get(&op) {
            return *slot;
        }
        let target = self.is_moving.len() as u32;
        self.is_moving.push(moving);
        let fallible = matches!(op, Op::Power(_, e) if e.num < 0 || e.den != 1)
            || matches!(op, Op::Apply(Function::Ln, _) | Op::Field(_));
        let mut number = 0;
        if fallible {
            number = self.program.expressions.len() as u32;
            self.program.expressions.push(expression());
        }
        let list = if moving { &mut self.program.moving } else { &mut self.program.constant };
        list.push(Instruction { op, target, expression: number });
        self.known.insert(op, target);
        target
    }

    fn atom(&mut self, atom: &Atom, e: Exponent) -> u32 {
        let base = match atom {
            Atom::Root(bits) => self.emit(Op::Number(*bits), false, Scalar::zero),
            Atom::Pi => self.emit(Op::Number(std::f64::consts::PI.to_bits()), false, Scalar::zero),
            Atom::Parameter(p) => {
                self.program.parameters = self.program.parameters.max(p.0 as usize + 1);
                self.emit(Op::Parameter(p.0), false, Scalar::zero)
            }
            Atom::Time => self.emit(Op::Time, true, Scalar::zero),
            Atom::Field(field) => {
                self.program.follows = true;
                self.emit(Op::Field(*field), true, || Scalar::atom_alone(atom))
            }
            Atom::Sum(x) => self.real(x),
            Atom::Function(f, x) => {
                let argument = self.real(x);
                let moving = self.is_moving[argument as usize];
                self.emit(Op::Apply(*f, argument), moving, || (**x).clone())
            }
        };
        if e == Exponent::ONE {
            return base;
        }
        let moving = self.is_moving[base as usize];
        self.emit(Op::Power(base, e), moving, || Scalar::atom_alone(atom))
    }

    /// The slot of a product of powers (slot 0 is the number 1). Factors that depend on time come last.
    fn product(&mut self, powers: &[(Atom, Exponent)]) -> u32 {
        let mut slots: Vec<u32> = powers.iter().map(|(a, e)| self.atom(a, *e)).collect();
        slots.sort_by_key(|s| (self.is_moving[*s as usize], *s));
        let mut all = None;
        for s in slots {
            all = Some(match all {
                None => s,
                Some(left) => {
                    let moving = self.is_moving[left as usize] || self.is_moving[s as usize];
                    self.emit(Op::Product(left, s), moving, Scalar::zero)
                }
            });
        }
        all.unwrap_or(0)
    }

    /// The slot of a real scalar.
    fn real(&mut self, x: &Scalar) -> u32 {
        if let Some(slot) = self.sums.get(x) {
            return *slot;
        }
        let parts: Vec<(f64, u32)> = x.terms.iter().map(|t| (t.coefficient.re, self.product(&t.powers))).collect();
        let slot = match parts.as_slice() {
            [(1.0, slot)] => *slot,
            _ => {
                let start = self.program.linear.len() as u32;
                let moving = parts.iter().any(|p| self.is_moving[p.1 as usize]);
                self.program.linear.extend_from_slice(&parts);
                self.emit(Op::Combine(start, parts.len() as u32), moving, Scalar::zero)
            }
        };
        self.sums.insert(x.clone(), slot);
        slot
    }
}

impl Compiled {
    /// Compiles the scalars; output k of every evaluation is the value of `scalars[k]`.
    pub fn new(scalars: &[Scalar]) -> Compiled {
        let mut b = Builder {
            program: Compiled::default(),
            known: BTreeMap::new(),
            sums: BTreeMap::new(),
            is_moving: Vec::new(),
        };
        b.emit(Op::Number(1.0_f64.to_bits()), false, Scalar::zero);
        for (k, s) in scalars.iter().enumerate() {
            let start = b.program.weights.len() as u32;
            let mut moving = false;
            for t in &s.terms {
                let slot = b.product(&t.powers);
                moving |= b.is_moving[slot as usize];
                b.program.weights.push((t.coefficient, slot));
            }
            b.program.outputs.push((start, s.terms.len() as u32));
            if moving {
                b.program.moving_outputs.push(k as u32);
            }
        }
        b.program.slots = b.is_moving.len();
        b.program.results = scalars.to_vec();
        b.program
    }

    /// Number of scalars.
    pub fn len(&self) -> usize {
        self.outputs.len()
    }
    /// Whether there is no scalar.
    pub fn is_empty(&self) -> bool {
        self.outputs.is_empty()
    }
    /// Whether any of the scalars depends on the time or on the mean field.
    pub fn moves(&self) -> bool {
        !self.moving_outputs.is_empty()
    }
    /// Whether any of the scalars depends on the mean field.
    pub fn depends_on_mean_field(&self) -> bool {
        self.follows
    }
    /// Working memory for this program.
    pub fn scratch(&self) -> Scratch {
        Scratch { values: vec![0.0; self.slots] }
    }

    /// All values at parameters `params`, time `t` and, where a scalar depends on it, the mean field `z` (else an empty slice will do).
    ///
    /// # Panics
    /// If `out` is not as long as the list of scalars, `params` lacks a parameter that occurs, or `scratch` belongs to
    /// another program.
    #[track_caller]
    pub fn eval_at(
        &self,
        params: &[f64],
        t: f64,
        z: &[c64],
        scratch: &mut Scratch,
        out: &mut [c64],
    ) -> Result<(), EvalError> {
        self.check(params, scratch, out);
        self.run(&self.constant, params, t, z, &mut scratch.values)?;
        self.run(&self.moving, params, t, z, &mut scratch.values)?;
        for k in 0..self.outputs.len() {
            out[k] = self.output(k, &scratch.values)?;
        }
        Ok(())
    }

    /// All values where no scalar depends on the mean field.
    ///
    /// # Panics
    /// As [`Compiled::eval_at`].
    #[track_caller]
    pub fn eval(&self, params: &[f64], t: f64, scratch: &mut Scratch, out: &mut [c64]) -> Result<(), EvalError> {
        self.eval_at(params, t, &[], scratch, out)
    }

    /// Computes everything that does not move, and the values of the scalars that do not.
    ///
    /// # Panics
    /// As [`Compiled::eval`].
    #[track_caller]
    pub fn bind(&self, params: &[f64], scratch: &mut Scratch, out: &mut [c64]) -> Result<(), EvalError> {
        self.check(params, scratch, out);
        self.run(&self.constant, params, 0.0, &[], &mut scratch.values)?;
        let mut moving = self.moving_outputs.iter().map(|k| *k as usize).peekable();
        for k in 0..self.outputs.len() {
            if moving.next_if_eq(&k).is_none() {
                out[k] = self.output(k, &scratch.values)?;
            }
        }
        Ok(())
    }

    /// The values of the scalars that depend on the time or the mean field, at time `t` and mean field `z`, after [`Compiled::bind`]
    /// with the same `scratch`; the other entries of `out` are left alone.
    ///
    /// # Panics
    /// As [`Compiled::eval`].
    #[track_caller]
    pub fn at(&self, t: f64, z: &[c64], scratch: &mut Scratch, out: &mut [c64]) -> Result<(), EvalError> {
        self.run(&self.moving, &[], t, z, &mut scratch.values)?;
        for &k in &self.moving_outputs {
            out[k as usize] = self.output(k as usize, &scratch.values)?;
        }
        Ok(())
    }

    #[track_caller]
    fn check(&self, params: &[f64], scratch: &Scratch, out: &[c64]) {
        assert_eq!(out.len(), self.outputs.len(), "Compiled: the output slice has the wrong length");
        assert_eq!(scratch.values.len(), self.slots, "Compiled: the scratch belongs to another program");
        assert!(
            params.len() >= self.parameters,
            "Compiled: {} parameter values given, {} needed",
            params.len(),
            self.parameters
        );
    }

    fn run(&self, list: &[Instruction], params: &[f64], t: f64, z: &[c64], v: &mut [f64]) -> Result<(), EvalError> {
        for instruction in list {
            let value = match instruction.op {
                Op::Number(bits) => f64::from_bits(bits),
                Op::Parameter(p) => params[p as usize],
                Op::Time => t,
                Op::Field(field) => match field.value(z) {
                    Some(x) => x,
                    None => return Err(self.failed(instruction, EvalErrorKind::MeanField, f64::NAN)),
                },
                Op::Product(a, b) => v[a as usize] * v[b as usize],
                Op::Power(a, e) => match raise(v[a as usize], e) {
                    Ok(x) => x,
                    Err(kind) => return Err(self.failed(instruction, kind, v[a as usize])),
                },
                Op::Apply(f, a) => {
                    let x = v[a as usize];
                    if f == Function::Ln && x <= 0.0 {
                        return Err(self.failed(instruction, EvalErrorKind::Logarithm, x));
                    }
                    f.apply(x)
                }
                Op::Combine(start, len) => {
                    self.linear[start as usize..(start + len) as usize].iter().map(|(c, k)| c * v[*k as usize]).sum()
                }
            };
            v[instruction.target as usize] = value;
        }
        Ok(())
    }

    #[cold]
    fn failed(&self, instruction: &Instruction, kind: EvalErrorKind, value: f64) -> EvalError {
        let expression = self.expressions.get(instruction.expression as usize).cloned().unwrap_or_default();
        EvalError { kind, expression: Box::new(expression), value }
    }

    fn output(&self, k: usize, v: &[f64]) -> Result<c64, EvalError> {
        let (start, len) = self.outputs[k];
        let mut sum = c64::new(0.0, 0.0);
        for (w, slot) in &self.weights[start as usize..(start + len) as usize] {
            sum += w * v[*slot as usize];
        }
        if sum.re.is_finite() && sum.im.is_finite() {
            return Ok(sum);
        }
        let value = if sum.re.is_finite() { sum.im } else { sum.re };
        Err(EvalError { kind: EvalErrorKind::NotFinite, expression: Box::new(self.results[k].clone()), value })
    }
}
