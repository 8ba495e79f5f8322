//! One trajectory after another, L at a time: no-jump evolution, jump times, jumps.

use huygens_numerics::c64;
use huygens_numerics::random::{Stream, Streams};

use super::apply::{Amplitude, Ladder};
use super::step::{Propagator, Trial, norms};
use super::{JumpError, Jumps, LOCATED};

/// Trials of one step before a trajectory is given up.
const TRIALS: usize = 200;

/// A jump of one trajectory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Event {
    /// When.
    pub time: f64,
    /// Which jump of the model.
    pub jump: usize,
}

/// A trajectory between two samples.
#[derive(Clone, Debug)]
struct Clock {
    time: f64,
    /// |ψ|² at this time, and ln u, where it jumps.
    norm: f64,
    target: f64,
    /// The longest step that the error allows.
    step: f64,
    /// A step that is known to end behind the jump, and the next trial where the last one did.
    behind: f64,
    trial: Option<f64>,
    trials: usize,
    /// Π q over the jumps so far.
    weight: f64,
    stream: Stream,
}

impl Clock {
    /// ln |ψ|² − ln u: the jump is where this vanishes.
    fn room(&self) -> f64 {
        self.norm.ln() - self.target
    }

    fn next_target(&mut self) {
        self.norm = 1.0;
        self.target = self.stream.uniform().ln();
        self.behind = f64::INFINITY;
        self.trial = None;
    }
}

/// L trajectories that run side by side.
pub(super) struct Group<'a, const L: usize> {
    jumps: &'a Jumps,
    propagator: Propagator<'a, L>,
    psi: Vec<Amplitude<L>>,
    clocks: Vec<Clock>,
    /// Trajectories beyond the last are copies of it that nobody looks at.
    lanes: usize,
    one: Vec<c64>,
    jumped: Vec<c64>,
    /// What happened to each trajectory since the last call of [`Group::events`].
    events: Vec<Vec<Event>>,
    steps: u64,
}

impl<'a, const L: usize> Group<'a, L> {
    pub(super) fn new(jumps: &'a Jumps, tolerance: f64) -> Self {
        let states = jumps.effective.states();
        Self {
            propagator: Propagator::new(&jumps.effective, &jumps.operators, tolerance),
            psi: jumps.effective.vector(),
            clocks: Vec::with_capacity(L),
            lanes: 0,
            one: vec![c64::new(0.0, 0.0); states],
            jumped: vec![c64::new(0.0, 0.0); states],
            events: vec![Vec::new(); L],
            steps: 0,
            jumps,
        }
    }

    /// Draws the states of the trajectories `first` … `first` + `lanes` − 1 at t = 0; adds what the cut-off left of the draws, and
    /// their number, to `kept`.
    ///
    /// # Errors
    /// [`JumpError::Start`].
    pub(super) fn begin(
        &mut self,
        seed: u64,
        first: u64,
        lanes: usize,
        kept: &mut (f64, u64),
    ) -> Result<(), JumpError> {
        self.lanes = lanes;
        self.clocks.clear();
        for l in 0..L {
            // Idle trajectories stay at rest.
            if l >= lanes {
                scatter(self.jumps.effective.inner_mut(&mut self.psi), l, |_| c64::new(0.0, 0.0));
                continue;
            }
            let mut stream = Streams { seed }.trajectory(first + l as u64);
            let (share, count) = self.jumps.start.sample(&self.jumps.operators.space, &mut stream, &mut self.one);
            if self.one.iter().all(|z| z.norm_sqr() == 0.0) {
                return Err(JumpError::Start);
            }
            kept.0 += share;
            kept.1 += count;
            let one = &self.one;
            scatter(self.jumps.effective.inner_mut(&mut self.psi), l, |n| one[n]);
            let mut clock = Clock {
                time: 0.0,
                norm: 1.0,
                target: 0.0,
                step: self.propagator.first_step(),
                behind: f64::INFINITY,
                trial: None,
                trials: 0,
                weight: 1.0,
                stream,
            };
            clock.next_target();
            self.clocks.push(clock);
            self.events[l].clear();
        }
        Ok(())
    }

    /// Moves all trajectories to a time.
    ///
    /// # Errors
    /// [`JumpError`].
    pub(super) fn advance(&mut self, until: f64) -> Result<(), JumpError> {
        while self.clocks.iter().any(|clock| clock.time < until) {
            self.step(until)?;
        }
        Ok(())
    }

    fn step(&mut self, until: f64) -> Result<(), JumpError> {
        // Trajectories that are there, and those that nobody looks at, stay where they are.
        let mut times = [until; L];
        let mut norm = [1.0; L];
        let mut h = [0.0; L];
        for (l, clock) in self.clocks.iter().enumerate() {
            (times[l], norm[l]) = (clock.time, clock.norm);
        }
        let rates = self.propagator.rates(&times, &self.psi)?;
        for (l, clock) in self.clocks.iter().enumerate().filter(|(_, clock)| clock.time < until) {
            let left = until - clock.time;
            let decay = rates[l] / clock.norm;
            // Where the norm falls at a constant rate the jump is here.
            let jump = if decay > 0.0 { clock.room() / decay } else { f64::INFINITY };
            h[l] = clock.trial.unwrap_or(jump).min(clock.step).min(clock.behind).min(left);
        }
        let trials = self.propagator.attempt(&times, &h, &self.psi, &norm)?;
        self.steps += 1;
        let ends = norms(self.jumps.effective.inner(&self.propagator.end));
        let mut taken = [false; L];
        let mut leaps = [false; L];
        for (l, clock) in self.clocks.iter_mut().enumerate().filter(|(l, _)| times[*l] < until) {
            clock.trials += 1;
            if clock.trials > TRIALS {
                return Err(JumpError::Stalled { t: clock.time });
            }
            let growth = match trials[l] {
                Trial::Bad(factor) => {
                    clock.step = h[l] * factor;
                    clock.trial = None;
                    continue;
                }
                Trial::Good(factor) => factor,
            };
            let (room, beyond) = (clock.room(), ends[l].ln() - clock.target);
            let whole = h[l] == until - clock.time;
            let end = if whole { until } else { clock.time + h[l] };
            if beyond < -LOCATED && end > clock.time {
                // Behind the jump: between both ends ln |ψ|² is nearly straight.
                clock.behind = h[l];
                clock.trial = Some(h[l] * room / (room - beyond));
                continue;
            }
            if h[l] >= clock.step {
                clock.step *= growth;
            } else if growth < 1.0 {
                clock.step = h[l] * growth;
            }
            let behind = clock.behind - h[l];
            clock.behind = if behind > 0.0 { behind } else { f64::INFINITY };
            (clock.time, clock.norm) = (end, ends[l]);
            (clock.trial, clock.trials) = (None, 0);
            taken[l] = true;
            leaps[l] = beyond <= LOCATED;
        }
        take(&mut self.psi, &self.propagator.end, &taken);
        for l in (0..self.lanes).filter(|l| leaps[*l]) {
            self.leap(l)?;
        }
        Ok(())
    }

    /// ψ → L_j ψ/|L_j ψ|, with the probability of the rate |L_j ψ|².
    fn leap(&mut self, l: usize) -> Result<(), JumpError> {
        let time = self.clocks[l].time;
        let phi = self.propagator.coefficients(time)?.to_vec();
        for (z, x) in self.one.iter_mut().zip(self.jumps.effective.inner(&self.psi)) {
            *z = c64::new(x[0][l], x[1][l]);
        }
        let weights: Vec<f64> = self
            .jumps
            .channels
            .iter()
            .map(|channel| {
                applied(channel, &phi, &self.one, &mut self.jumped);
                self.jumped.iter().map(c64::norm_sqr).sum()
            })
            .collect();
        let total: f64 = weights.iter().sum();
        let clock = &mut self.clocks[l];
        if !(total > 0.0 && total.is_finite()) {
            return Err(JumpError::Stalled { t: time });
        }
        let mut rest = clock.stream.uniform() * total;
        let chosen = weights.iter().position(|w| {
            rest -= w;
            rest < 0.0
        });
        let chosen = chosen.unwrap_or_else(|| weights.iter().rposition(|w| *w > 0.0).unwrap_or(0));
        applied(&self.jumps.channels[chosen], &phi, &self.one, &mut self.jumped);
        let factor = 1.0 / weights[chosen].sqrt();
        let jumped = &self.jumped;
        scatter(self.jumps.effective.inner_mut(&mut self.psi), l, |n| factor * jumped[n]);
        clock.next_target();
        clock.weight *= self.jumps.kept[chosen];
        self.events[l].push(Event { time, jump: self.jumps.operators.origin[chosen] });
        Ok(())
    }

    /// The states, not normalised, and their norms |ψ|².
    pub(super) fn states(&self) -> (&[Amplitude<L>], [f64; L]) {
        let psi = self.jumps.effective.inner(&self.psi);
        (psi, norms(psi))
    }

    /// The weights of the trajectories.
    pub(super) fn weights(&self) -> [f64; L] {
        std::array::from_fn(|l| self.clocks.get(l).map_or(0.0, |clock| clock.weight))
    }

    /// The jumps of one trajectory since the last call.
    pub(super) fn events(&mut self, l: usize) -> Vec<Event> {
        std::mem::take(&mut self.events[l])
    }

    /// Steps, and applications of K, of all trajectories together.
    pub(super) fn work(&self) -> (u64, u64) {
        (self.steps, self.propagator.applications)
    }
}

/// out = L_j x with the coefficients φ.
fn applied(channel: &[(u32, Vec<Ladder>)], phi: &[c64], x: &[c64], out: &mut [c64]) {
    out.fill(c64::new(0.0, 0.0));
    for (at, ladders) in channel {
        let c = if *at == 0 { c64::new(1.0, 0.0) } else { phi[*at as usize - 1] };
        ladders.iter().for_each(|ladder| ladder.add(c, x, out));
    }
}

fn scatter<const L: usize>(psi: &mut [Amplitude<L>], l: usize, value: impl Fn(usize) -> c64) {
    for (n, x) in psi.iter_mut().enumerate() {
        let z = value(n);
        (x[0][l], x[1][l]) = (z.re, z.im);
    }
}

/// The ends of those trajectories that took their step.
fn take<const L: usize>(psi: &mut [Amplitude<L>], end: &[Amplitude<L>], taken: &[bool; L]) {
    for (x, e) in psi.iter_mut().zip(end) {
        for p in 0..2 {
            for l in 0..L {
                x[p][l] = if taken[l] { e[p][l] } else { x[p][l] };
            }
        }
    }
}
