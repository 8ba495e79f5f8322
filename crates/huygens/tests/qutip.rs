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

def operator(terms, dims):
    total = 0 * qt.qeye(dims)
    for re, im, powers in terms:
        factors = [qt.destroy(d).dag() ** m * qt.destroy(d) ** n for (m, n), d in zip(powers, dims)]
        total += complex(re, im) * qt.tensor(factors)
    return total

for model in json.load(sys.stdin):
    dims = model["dims"]
    h, hc = operator(model["h"], dims), operator(model["hc"], dims)
    flow = qt.liouvillian(h, [operator(l, dims) for l in model["jumps"]]) + qt.spre(hc) + qt.spost(hc)
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

/// A term c Π a†^m a^n with its powers.
type Term = (f64, f64, Vec<(usize, usize)>);

fn random_terms(random: &mut Stream, modes: usize, count: usize, degree: usize, size: f64) -> Vec<Term> {
    let mut number = |below: usize| ((random.uniform() * below as f64) as usize).min(below - 1);
    let powers: Vec<Vec<(usize, usize)>> = (0..count)
        .map(|_| {
            let mut powers = vec![(0, 0); modes];
            for _ in 0..1 + number(degree) {
                let mode = number(modes);
                if number(2) == 0 { powers[mode].0 += 1 } else { powers[mode].1 += 1 }
            }
            powers
        })
        .collect();
    powers.into_iter().map(|p| (size * random.normal(), size * random.normal(), p)).collect()
}

/// The terms with their adjoints.
fn hermitian(terms: &[Term]) -> Vec<Term> {
    let adjoint = |(re, im, powers): &Term| (*re, -im, powers.iter().map(|(m, n)| (*n, *m)).collect());
    terms.iter().cloned().chain(terms.iter().map(adjoint)).collect()
}

fn text(terms: &[Term]) -> String {
    let mut out = String::new();
    for (re, im, powers) in terms {
        if !out.is_empty() {
            out.push_str(" + ");
        }
        let _ = write!(out, "({re:.17} + ({im:.17})*i)");
        for (k, (m, n)) in powers.iter().enumerate() {
            let _ = write!(out, "*dag(m{k})^{m}*m{k}^{n}");
        }
    }
    out
}

fn json(terms: &[Term]) -> String {
    let one = |(re, im, powers): &Term| {
        let powers: Vec<String> = powers.iter().map(|(m, n)| format!("[{m},{n}]")).collect();
        format!("[{re:.17},{im:.17},[{}]]", powers.join(","))
    };
    format!("[{}]", terms.iter().map(one).collect::<Vec<_>>().join(","))
}

#[test]
fn random_models_agree_with_qutip() {
    let Some(python) = python() else {
        say("skipped: no QuTiP");
        return;
    };
    let written = |text: String| Text::new(text.clone(), text);
    let (mut models, mut ours) = (Vec::new(), Vec::new());
    for index in 0..20 {
        let mut random = Streams { seed: 20 }.trajectory(index);
        let modes = 1 + (index % 2) as usize;
        let dims: Vec<usize> =
            (0..modes).map(|k| 3 + (index as usize + k) % (if modes == 1 { 6 } else { 3 })).collect();
        let h = hermitian(&random_terms(&mut random, modes, 4, 4, 0.4));
        let hc = if index % 3 == 0 { hermitian(&random_terms(&mut random, modes, 2, 2, 0.2)) } else { Vec::new() };
        let jumps: Vec<Vec<Term>> =
            (0..1 + index as usize % 3).map(|_| random_terms(&mut random, modes, 2, 2, 0.4)).collect();
        let term = |terms: &[Term]| {
            if terms.is_empty() {
                Vec::new()
            } else {
                vec![TermSource { name: written("H".into()), expression: written(text(terms)) }]
            }
        };
        let amplitude = format!("{} + {}*i", 0.3 * random.normal(), 0.3 * random.normal());
        let source = ModelSource {
            name: "random".into(),
            modes: (0..modes)
                .map(|k| ModeSource { name: written(format!("m{k}")), kind: written("boson".into()) })
                .collect(),
            hamiltonian: term(&h),
            antihermitian: term(&hc),
            jumps: jumps
                .iter()
                .map(|l| JumpSource { operator: written(text(l)), each: None, kept: None, label: String::new() })
                .collect(),
            start: vec![StartSource {
                mode: written("m0".into()),
                amplitude: Some(written(amplitude)),
                occupation: Some(written("0.2".into())),
                squeezing: Some(written("0.1".into())),
                angle: None,
            }],
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
            "{{\"dims\":{dims:?},\"h\":{},\"hc\":{},\"jumps\":[{}],\"rho\":[{}],\"t\":{t}}}",
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
