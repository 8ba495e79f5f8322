//! The fock level against QuTiP on random small models, where QuTiP is installed: `HUYGENS_PYTHON=…/python cargo test qutip`.
//!
//! Same truncated matrices on both sides; QuTiP exponentiates the dense superoperator, so that no tolerance of an integrator enters.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use huygens::levels::fock::{Cutoff, Evolution, Problem};
use huygens::model::{JumpSource, ModeSource, Model, ModelSource, StartSource, TermSource, Text};
use huygens_numerics::random::{Stream, Streams};

const SCRIPT: &str = r#"
import json, sys, warnings
warnings.filterwarnings("ignore")
import numpy as np, scipy.linalg, qutip as qt

def ladder(d, spin):
    """Raising, diagonal and lowering operator of a site, its lowest state first."""
    if not spin:
        a = qt.destroy(d)
        return a.dag(), a.dag() * a, a
    return [qt.Qobj(qt.jmat((d - 1) / 2, which).full()[::-1, ::-1]) for which in "+z-"]

def operator(terms, dims, spins):
    total = 0 * qt.qeye(dims)
    sites = [ladder(d, spin) for d, spin in zip(dims, spins)]
    for re, im, powers in terms:
        factors = [up ** k * z ** l * down ** m for (k, l, m), (up, z, down) in zip(powers, sites)]
        total += complex(re, im) * qt.tensor(factors)
    return total

for model in json.load(sys.stdin):
    dims = model["dims"]
    read = lambda terms: operator(terms, dims, model["spins"])
    h, hc = read(model["h"]), read(model["hc"])
    flow = qt.liouvillian(h, [read(l) for l in model["jumps"]]) + qt.spre(hc) + qt.spost(hc)
    size = int(np.prod(dims))
    rho = np.array([complex(*z) for z in model["rho"]]).reshape(size, size)
    vector = qt.operator_to_vector(qt.Qobj(rho, dims=[dims, dims])).full()
    final = scipy.linalg.expm(flow.full() * model["t"]) @ vector
    final = qt.vector_to_operator(qt.Qobj(final, dims=qt.operator_to_vector(qt.Qobj(rho, dims=[dims, dims])).dims)).full()
    final /= np.trace(final)
    print(" ".join(f"{z.real:.17e} {z.imag:.17e}" for z in final.ravel()))
"#;

fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// The Python that has QuTiP, if any.
fn python() -> Option<String> {
    let name = std::env::var("HUYGENS_PYTHON").unwrap_or_else(|_| "python3".into());
    let found = Command::new(&name).args(["-W", "ignore", "-c", "import qutip"]).stderr(Stdio::null()).status();
    found.is_ok_and(|status| status.success()).then_some(name)
}

/// A term c Π a†^k a^m (bosons) or J₊^k J_z^l J₋^m (spins) with its powers (k, l, m).
type Term = (f64, f64, Vec<[usize; 3]>);

fn random_terms(random: &mut Stream, spins: &[bool], count: usize, degree: usize, size: f64) -> Vec<Term> {
    let mut number = |below: usize| ((random.uniform() * below as f64) as usize).min(below - 1);
    let powers: Vec<Vec<[usize; 3]>> = (0..count)
        .map(|_| {
            let mut powers = vec![[0; 3]; spins.len()];
            for _ in 0..1 + number(degree) {
                let mode = number(spins.len());
                let which = if spins[mode] { number(3) } else { 2 * number(2) };
                powers[mode][which] += 1;
            }
            powers
        })
        .collect();
    powers.into_iter().map(|p| (size * random.normal(), size * random.normal(), p)).collect()
}

/// The terms with their adjoints.
fn hermitian(terms: &[Term]) -> Vec<Term> {
    let adjoint = |(re, im, powers): &Term| (*re, -im, powers.iter().map(|[k, l, m]| [*m, *l, *k]).collect());
    terms.iter().cloned().chain(terms.iter().map(adjoint)).collect()
}

fn text(terms: &[Term], spins: &[bool]) -> String {
    let mut out = String::new();
    for (re, im, powers) in terms {
        if !out.is_empty() {
            out.push_str(" + ");
        }
        let _ = write!(out, "({re:.17} + ({im:.17})*i)");
        for (site, [k, l, m]) in powers.iter().enumerate() {
            let _ = match spins[site] {
                false => write!(out, "*dag(m{site})^{k}*m{site}^{m}"),
                true => write!(out, "*jp(m{site})^{k}*jz(m{site})^{l}*jm(m{site})^{m}"),
            };
        }
    }
    out
}

fn json(terms: &[Term]) -> String {
    let one = |(re, im, powers): &Term| {
        let powers: Vec<String> = powers.iter().map(|p| format!("{p:?}")).collect();
        format!("[{re:.17},{im:.17},[{}]]", powers.join(","))
    };
    format!("[{}]", terms.iter().map(one).collect::<Vec<_>>().join(","))
}

/// Compares 20 random models after a while; `sites` says which sites are spins, and all dimensions.
fn compare(seed: u64, sites: impl Fn(u64) -> Vec<(bool, usize)>) {
    let Some(python) = python() else {
        say("skipped: no QuTiP");
        return;
    };
    let written = |text: String| Text::new(text.clone(), text);
    let (mut models, mut ours) = (Vec::new(), Vec::new());
    for index in 0..20 {
        let mut random = Streams { seed }.trajectory(index);
        let (spins, dims): (Vec<bool>, Vec<usize>) = sites(index).into_iter().unzip();
        let h = hermitian(&random_terms(&mut random, &spins, 4, 4, 0.4));
        let hc = if index % 3 == 0 { hermitian(&random_terms(&mut random, &spins, 2, 2, 0.2)) } else { Vec::new() };
        let jumps: Vec<Vec<Term>> =
            (0..1 + index as usize % 3).map(|_| random_terms(&mut random, &spins, 2, 2, 0.4)).collect();
        let term = |terms: &[Term]| {
            if terms.is_empty() {
                Vec::new()
            } else {
                vec![TermSource { name: written("H".into()), expression: written(text(terms, &spins)) }]
            }
        };
        let kind = |(spin, d): (&bool, &usize)| if *spin { format!("spin {}/2", d - 1) } else { "boson".into() };
        let start = |(k, spin): (usize, &bool)| {
            let mut number = |size: f64| Some(written(format!("{}", size * random.normal())));
            let mode = written(format!("m{k}"));
            match spin {
                true => StartSource { mode, bloch: [number(0.2), number(0.2), number(0.2)], ..StartSource::default() },
                false => StartSource {
                    mode,
                    amplitude: number(0.3),
                    occupation: Some(written("0.2".into())),
                    squeezing: Some(written("0.1".into())),
                    ..StartSource::default()
                },
            }
        };
        let source = ModelSource {
            name: "random".into(),
            modes: (spins.iter().zip(&dims).enumerate())
                .map(|(k, site)| ModeSource { name: written(format!("m{k}")), kind: written(kind(site)) })
                .collect(),
            start: spins.iter().enumerate().map(start).collect(),
            hamiltonian: term(&h),
            antihermitian: term(&hc),
            jumps: jumps
                .iter()
                .map(|l| JumpSource {
                    operator: written(text(l, &spins)),
                    each: None,
                    kept: None,
                    members: false,
                    label: String::new(),
                })
                .collect(),
            ..ModelSource::default()
        };
        let model = Model::build(&source, &[]).unwrap();
        let problem = Problem::new(&model, &model.bind(&[]).unwrap(), Cutoff::Product(dims.clone()), 1e9).unwrap();
        let mut states: Vec<Vec<i32>> = Vec::new();
        problem.operators.space.each(|_, n| states.push(n.to_vec()));
        let mut state = problem.start;
        let pairs = || states.iter().flat_map(|a| states.iter().map(move |b| (a, b)));
        let rho: Vec<String> =
            pairs().map(|(a, b)| state.element(a, b)).map(|z| format!("[{:e},{:e}]", z.re, z.im)).collect();
        let t = 0.8;
        models.push(format!(
            "{{\"dims\":{dims:?},\"spins\":[{}],\"h\":{},\"hc\":{},\"jumps\":[{}],\"rho\":[{}],\"t\":{t}}}",
            spins.iter().map(|s| u8::from(*s).to_string()).collect::<Vec<_>>().join(","),
            json(&h),
            json(&hc),
            jumps.iter().map(|l| json(l)).collect::<Vec<_>>().join(","),
            rho.join(",")
        ));
        Evolution::new(problem.generator, 1e-12).advance(&mut state, 0.0, t).unwrap();
        ours.push(pairs().flat_map(|(a, b)| [state.element(a, b).re, state.element(a, b).im]).collect::<Vec<f64>>());
    }
    let mut child = Command::new(python)
        .args(["-W", "ignore", "-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(format!("[{}]", models.join(",")).as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the script failed");
    let lines = String::from_utf8(output.stdout).unwrap();
    assert_eq!(lines.lines().count(), ours.len());
    let mut worst = 0.0_f64;
    for (k, (line, ours)) in lines.lines().zip(&ours).enumerate() {
        let theirs: Vec<f64> = line.split_whitespace().map(|x| x.parse().unwrap()).collect();
        assert_eq!(theirs.len(), ours.len());
        let apart = theirs.iter().zip(ours).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(apart < 1e-8, "model {k}: {apart:e}");
        worst = worst.max(apart);
    }
    say(&format!("largest difference of an element: {worst:.1e}"));
}

#[test]
fn random_bosons_agree_with_qutip() {
    compare(20, |index| {
        let modes = 1 + (index % 2) as usize;
        (0..modes).map(|k| (false, 3 + (index as usize + k) % (if modes == 1 { 6 } else { 3 }))).collect()
    });
}

#[test]
fn random_spins_agree_with_qutip() {
    // Spins 1/2 to 5/2, two or three of them or with a boson.
    compare(21, |index| match index % 4 {
        0 => vec![(true, 2), (true, 3), (true, 2)],
        1 => vec![(true, 4), (true, 3)],
        2 => vec![(true, 2 + index as usize % 5), (false, 4)],
        _ => vec![(true, 6), (true, 2)],
    });
}
