//! A million random two-mode Gaussian states: how long they take, and how near they come to the least χ at D = ½.
//! `cargo run --release -p huygens-lab --example random_states [SEED]`.

#![allow(clippy::print_stdout)]

use std::time::Instant;

use huygens::costs::bounds;
use huygens::levels::gaussian::random::{Ensemble, Points};
use huygens_numerics::hull;
use rayon::prelude::*;

fn main() {
    let seed = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1);
    let count = 1_000_000;
    let chunk = 8192;
    for (frequencies, kappa) in [([1.0, 1.0], 1.0), ([2.0, 3.0], 2.0 / 3.0)] {
        let ensemble = Ensemble::broad(2, seed);
        let [mut distance, mut chi, mut classical] = [vec![0.0; count], vec![0.0; count], vec![0.0; count]];
        let mut best = f64::INFINITY;
        for _ in 0..5 {
            let start = Instant::now();
            distance
                .par_chunks_mut(chunk)
                .zip(chi.par_chunks_mut(chunk))
                .zip(classical.par_chunks_mut(chunk))
                .enumerate()
                .for_each(|(k, ((distance, chi), classical))| {
                    let points = Points { distance, chi, classical };
                    ensemble.fill(&frequencies, (k * chunk) as u64, points).expect("laws in range");
                });
            best = best.min(start.elapsed().as_secs_f64());
        }
        let below = |values: &[f64]| {
            let bound = |d: f64| bounds::envelope(kappa, d).unwrap_or(0.0);
            distance.iter().zip(values).filter(|(d, x)| **x < bound(**d) - 1e-9).count()
        };
        let at_half = |values: &[f64]| {
            let points: Vec<[f64; 2]> = distance.iter().zip(values).map(|(d, x)| [*d, *x]).collect();
            hull::height(&hull::lower_hull(&points), 0.5).unwrap_or(f64::NAN)
        };
        println!("kappa {kappa:.4}: {:.3} s for {count} states on {} threads", best, rayon::current_num_threads());
        println!(
            "  hull at D = 0.5: {:.4} quantum, {:.4} classical; sharp bound {:.4}; below it {} and {} states",
            at_half(&chi),
            at_half(&classical),
            bounds::envelope(kappa, 0.5).unwrap_or(f64::NAN),
            below(&chi),
            below(&classical)
        );
    }
}
