//! `cargo xtask bench`: our timings and those of the peers, in one run on one machine.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use crate::process::{Failure, cargo, output, say, succeed, target};

/// Largest relative error of the mean of S_c that counts as "to 1e-8".
const ERROR: f64 = 1e-8;

/// One run of a method at one tolerance.
#[derive(Clone, Debug)]
struct Run {
    tolerance: f64,
    seconds: f64,
    value: f64,
}

/// The lines `name<TAB>number…` of a bench.
struct Table(Vec<(String, Vec<f64>)>);

impl Table {
    fn parse(text: &str) -> Self {
        let row = |line: &str| {
            let mut words = line.split('\t');
            let name = words.next()?.to_owned();
            let numbers: Vec<f64> = words.map(|w| w.trim().parse().ok()).collect::<Option<_>>()?;
            (!numbers.is_empty()).then_some((name, numbers))
        };
        Self(text.lines().filter_map(row).collect())
    }

    fn rows<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [f64]> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, numbers)| numbers.as_slice())
    }

    fn runs(&self, name: &str) -> Vec<Run> {
        let runs = self.rows(name).filter(|r| r.len() == 3);
        runs.map(|r| Run { tolerance: r[0], seconds: r[1], value: r[2] }).collect()
    }
}

/// The interpreter of an environment with NumPy, SciPy and Numba, made where it is not there. The programs of [`OPTIONAL`] are
/// installed as well where that works and they are wanted.
fn environment(optional: bool) -> Result<PathBuf, Failure> {
    let folder = target().join("bench-env");
    let python = if cfg!(windows) { folder.join("Scripts/python.exe") } else { folder.join("bin/python") };
    let ready = |modules: &str| {
        let import = format!("import {modules}");
        Command::new(&python).args(["-c", &import]).output().is_ok_and(|o| o.status.success())
    };
    if !ready("numba, numpy, scipy") {
        succeed(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        succeed(Command::new(&python).args(["-m", "pip", "install", "--quiet", "numpy", "scipy", "numba"]))?;
    }
    for (name, packages, _) in OPTIONAL.into_iter().filter(|_| optional) {
        let install = || {
            let mut command = Command::new(&python);
            succeed(command.args(["-m", "pip", "install", "--quiet"]).args(packages))
        };
        if !ready(&packages.join(", "))
            && let Err(failure) = install()
        {
            say(&format!("{name} does not install and is not compared: {failure}"));
        }
    }
    Ok(python)
}

/// Peers that do not install everywhere: name, packages (that are imported by the same names), script.
const OPTIONAL: [(&str, &[&str], &str); 4] = [
    ("jitcsde", &["jitcsde", "sympy"], "jitcsde_peer.py"),
    ("diffrax", &["diffrax", "jax"], "diffrax_peer.py"),
    QUTIP,
    ("dynamiqs", &["dynamiqs"], "dynamiqs_peer.py"),
];

/// The peer of the fock level.
const QUTIP: (&str, &[&str], &str) = ("QuTiP", &["qutip"], "density_peer.py");

fn first_line(command: &mut Command) -> String {
    let done = command.output().ok().filter(|o| o.status.success());
    let text = done.map(|o| String::from_utf8_lossy(&o.stdout).into_owned()).unwrap_or_default();
    text.lines().next().unwrap_or("unknown").to_owned()
}

fn machine() -> String {
    let processors = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = processors
        .lines()
        .find_map(|l| l.strip_prefix("model name"))
        .map(|l| l.trim_start_matches(['\t', ' ', ':']).to_owned());
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    format!("{}, {cores} cores, {}", name.unwrap_or_else(|| "unknown processor".into()), std::env::consts::OS)
}

/// The fastest run whose error is within the bound.
fn within(runs: &[Run], reference: f64) -> Option<&Run> {
    let fine = runs.iter().filter(|r| (r.value / reference - 1.0).abs() <= ERROR);
    fine.min_by(|a, b| a.seconds.total_cmp(&b.seconds))
}

pub(crate) fn bench() -> Result<(), Failure> {
    let python = environment(true)?;
    let ours = Table::parse(&output(cargo().args(["bench", "--package", "huygens-cli", "--bench", "speed"]))?);
    let scripts = crate::root().join("crates/xtask/bench");
    let peers = Table::parse(&output(Command::new(&python).arg(scripts.join("peers.py")))?);
    let lyapunov = Table::parse(&output(Command::new(&python).arg(scripts.join("steady.py")))?);
    let mut text = report(&ours, &peers, &python)?;
    text.push_str(&steady(&ours, &lyapunov));
    let ours = Table::parse(&output(cargo().args(["bench", "--package", "huygens", "--bench", "trajectories"]))?);
    let peers = Table::parse(&output(Command::new(&python).arg(scripts.join("trajectories.py")))?);
    let [jitcsde, diffrax, qutip, dynamiqs] = OPTIONAL.map(|peer| (peer.0, timed_peer(&python, peer)));
    text.push_str(&trajectories(&ours, &peers, &[jitcsde, diffrax]));
    let ours = Table::parse(&output(cargo().args(["bench", "--package", "huygens-cli", "--bench", "density"]))?);
    text.push_str(&density(&ours, qutip.1.as_ref(), dynamiqs.1.as_ref()));
    text.push_str(&timed_response(&python)?);
    let path = crate::root().join("BENCHMARKS.md");
    std::fs::write(&path, text).map_err(|e| Failure::file(&path, &e))?;
    say(&format!("written to {}", path.display()));
    Ok(())
}

/// The timings of a peer; one that does not run on this machine is told, and the others go on.
fn timed_peer(python: &PathBuf, (name, _, script): (&str, &[&str], &str)) -> Option<Table> {
    let script = crate::root().join("crates/xtask/bench").join(script);
    let table = output(Command::new(python).arg(script)).map(|text| Table::parse(&text));
    if let Err(failure) = &table {
        say(&format!("{name} does not run and is not compared: {failure}"));
    }
    table.ok()
}

/// Title of the section of the response level.
const RESPONSE: &str = "\n## Driven couplings to structured baths\n\n";

/// The section of the response level, timed now.
fn timed_response(python: &PathBuf) -> Result<String, Failure> {
    let script = crate::root().join("crates/xtask/bench/response_peer.py");
    let ours = Table::parse(&output(cargo().args(["bench", "--package", "huygens-cli", "--bench", "response"]))?);
    let peers = Table::parse(&output(Command::new(python).arg(script))?);
    Ok(response(&ours, &peers))
}

/// Title of the section of the fock level.
const DENSITY: &str = "\n## Density matrices\n\n";

/// Renews one section of BENCHMARKS.md and leaves the others as they are; the machine stands in it.
fn renew(title: &str, section: &str) -> Result<(), Failure> {
    let path = crate::root().join("BENCHMARKS.md");
    let text = std::fs::read_to_string(&path).map_err(|e| Failure::file(&path, &e))?;
    let (before, after) = match text.find(title) {
        None => (text.as_str(), ""),
        Some(at) => {
            let rest = &text[at + title.len()..];
            (&text[..at], rest.find("\n## ").map_or("", |k| &rest[k..]))
        }
    };
    let machine = format!("{title}Timed by itself. Machine: {}.\n\n", machine());
    let section = section.replacen(title, &machine, 1);
    std::fs::write(&path, format!("{before}{section}{after}")).map_err(|e| Failure::file(&path, &e))?;
    say(&format!("written to {}", path.display()));
    Ok(())
}

/// Renews the section of the response level.
pub(crate) fn response_alone() -> Result<(), Failure> {
    let python = environment(false)?;
    renew(RESPONSE, &timed_response(&python)?)
}

/// Renews the section of the fock level.
pub(crate) fn density_alone() -> Result<(), Failure> {
    let python = environment(true)?;
    let [.., qutip, dynamiqs] = OPTIONAL;
    let [qutip, dynamiqs] = [qutip, dynamiqs].map(|peer| timed_peer(&python, peer));
    let ours = Table::parse(&output(cargo().args(["bench", "--package", "huygens-cli", "--bench", "density"]))?);
    renew(DENSITY, &density(&ours, qutip.as_ref(), dynamiqs.as_ref()))
}

fn report(ours: &Table, peers: &Table, python: &PathBuf) -> Result<String, Failure> {
    let own = ours.runs("direct");
    let numba = peers.runs("numba");
    // Two programs that share no line, at tight tolerances: their difference bounds the error of the reference.
    let tight = |runs: &[Run]| runs.iter().min_by(|a, b| a.tolerance.total_cmp(&b.tolerance)).map(|r| r.value);
    let (Some(reference), Some(other)) = (tight(&numba), tight(&own)) else {
        return Err(Failure::new("the benches printed no timings of the direct run"));
    };
    let mut out = String::new();
    let versions = first_line(Command::new(python).args([
        "-c",
        "import sys, numpy, scipy, numba; print(f'Python {sys.version.split()[0]}, NumPy {numpy.__version__}, SciPy {scipy.__version__}, Numba {numba.__version__}')",
    ]));
    let compiler = first_line(Command::new("rustc").arg("--version"));
    let _ = writeln!(
        out,
        "# Benchmarks\n\nWritten by `cargo xtask bench`: our times and those of the peers, one after the other on the same machine.\n\n\
         Machine: {}. {compiler}. {versions}.\nTimes are CPU times of one thread unless it says otherwise; ours are the least of several repeats, \
         the peers run once.\n",
        machine()
    );
    let _ = writeln!(
        out,
        "## A direct run over 200 periods\n\nThe optomechanical pair (Mari et al. 2013) from rest and the vacuum: 4 complex amplitudes and the 8×8 covariance \
         over t = 200·2π, S_c averaged over 4096 samples of the second half. Error: relative deviation of that mean from {reference:.14} \
         (SciPy with Numba at rtol = 1e-12; ours at 1e-12 differs by {:.1e}).\n",
        (other / reference - 1.0).abs()
    );
    let _ = writeln!(out, "| program | rtol = atol | CPU time (s) | relative error |\n|---|---|---|---|");
    let methods = [
        ("Huygens, Dormand–Prince 8(5,3)", own.clone()),
        ("SciPy DOP853, NumPy right-hand side", peers.runs("numpy")),
        ("SciPy DOP853, Numba right-hand side", numba),
    ];
    for (name, runs) in &methods {
        for r in runs {
            let _ = writeln!(
                out,
                "| {name} | {:.0e} | {:.4} | {:.1e} |",
                r.tolerance,
                r.seconds,
                (r.value / reference - 1.0).abs()
            );
        }
    }
    out.push('\n');
    if let Some(best) = within(&own, reference) {
        for (name, runs) in &methods[1..] {
            match within(runs, reference) {
                Some(peer) => {
                    let _ = writeln!(
                        out,
                        "To an error of {ERROR:.0e}: **{:.0} times** faster than {name} ({:.4} s at rtol {:.0e} against {:.2} s at rtol {:.0e}).",
                        peer.seconds / best.seconds,
                        best.seconds,
                        best.tolerance,
                        peer.seconds,
                        peer.tolerance
                    );
                }
                None => {
                    let _ = writeln!(out, "{name} does not reach an error of {ERROR:.0e} at the tolerances tried.");
                }
            }
        }
    }
    let _ = writeln!(
        out,
        "\n## Attractor, periodic covariance and measures\n\n| model | CPU time (ms) | bound (ms) |\n|---|---|---|"
    );
    for row in ours.rows("attractor").filter(|r| r.len() == 3) {
        let (name, bound) = match row[0] as u32 {
            0 => ("optomechanical-pair".to_owned(), 5),
            20 => ("optomechanical-ring, N = 20 (Bloch)".to_owned(), 20),
            n => (format!("optomechanical-ring, N = {n} (Bloch)"), 200),
        };
        let _ = writeln!(out, "| {name} | {:.2} | {bound} |", 1e3 * row[1]);
    }
    let _ = writeln!(
        out,
        "\nFrom rest: transient, Newton shooting, Floquet analysis, all measures of the model file, checks. Without the random starts and the\nuncoupled control that `huygens run` adds."
    );
    let _ = writeln!(out, "\n## Sweeps\n");
    for row in ours.rows("sweep").filter(|r| r.len() == 3) {
        let measures = if row[0] > 0.0 { "S_c and S_p" } else { "all measures of the model file" };
        let _ = writeln!(
            out,
            "* 400 values of mu from 0.002 to 0.0775 (the locked range), {measures}, two threads: **{:.2} s** of wall-clock \
             time, {:.2} s of CPU time.",
            row[1], row[2]
        );
    }
    let _ = writeln!(
        out,
        "\nOther programs on the machine lengthen a wall-clock time; half the CPU time is what two free cores need.\n"
    );
    for row in ours.rows("rebind") {
        let _ = writeln!(
            out,
            "* Another value of one parameter, and the compiled equations with it: **{:.2} µs**.",
            1e6 * row[0]
        );
    }
    let memory: Vec<&[f64]> = ours.rows("memory").filter(|r| r.len() == 2).collect();
    if let [short, .., long] = memory.as_slice() {
        let _ = writeln!(
            out,
            "* Largest resident memory of a sweep into a store: {:.1} MB for {} points, {:.1} MB for {} points.",
            short[1] / 1e6,
            short[0],
            long[1] / 1e6,
            long[0]
        );
    }
    Ok(out)
}

/// Steady states of a linear model.
fn steady(ours: &Table, peers: &Table) -> String {
    let mut out = String::from("\n## Steady states\n\n");
    for row in ours.rows("steady").filter(|r| r.len() == 3) {
        let _ = writeln!(
            out,
            "* Two membranes in a cavity (6 quadratures), {} measures from the correlation to the entropy production, in a sweep on one \
             core: **{:.2} µs** a point (pearson(q(b1),q(b2)) at g = 0.04: {:.6}).",
            row[0],
            1e6 * row[1],
            row[2]
        );
        for p in peers.rows("steady_scipy").filter(|p| p.len() == 3) {
            let _ = writeln!(
                out,
                "  * SciPy's `solve_continuous_lyapunov` alone, without measures: {:.1} µs a point (the same correlation: {:.6}); \
                 **{:.0} times** faster.",
                1e6 * p[1],
                p[2],
                p[1] / row[1]
            );
        }
    }
    out
}

/// What a peer that is not always there does, its numbers and ours of the same step.
fn against(name: &str, peer: &[f64], own: f64) -> String {
    let how = match name {
        "jitcsde" => format!("compiled C, one trajectory at a time (from {} of them)", peer[2]),
        _ => format!("Heun's method, all trajectories in one XLA batch (from a run to t = {})", peer[2]),
    };
    format!("  * {name}, {how}: {:.2} s; **{:.1} times** faster.", peer[1], peer[1] / own)
}

/// The fock level.
fn density(ours: &Table, qutip: Option<&Table>, dynamiqs: Option<&Table>) -> String {
    let mut out = format!("{DENSITY}Wall-clock times, from the model to the end, on all cores.\n\n");
    for row in ours.rows("dimer_product_24").filter(|r| r.len() == 6) {
        let _ = writeln!(
            out,
            "* The non-Hermitian dimer below 24 states a mode, t = 0 to 0.5 at 1e-9: **{:.1} ms**, {} elements, {} applications of \
             the generator (D = {:.8}).",
            1e3 * row[0],
            row[3],
            row[5],
            row[2]
        );
        for (name, p) in
            qutip.into_iter().flat_map(|t| &t.0).filter(|(name, p)| name.starts_with("dimer_") && p.len() == 2)
        {
            let method = name.rsplit('_').next().unwrap_or_default();
            let _ = writeln!(
                out,
                "  * QuTiP, `mesolve` with the superoperator by `{method}`, same tolerance: {:.2} s (D = {:.8}); **{:.0} times** faster.",
                p[0],
                p[1],
                p[0] / row[0]
            );
        }
    }
    let dimer = ours.rows("dimer_product_24").find(|r| r.len() == 6).map(|r| r[0]);
    for ((name, p), own) in dynamiqs.into_iter().flat_map(|t| &t.0).zip(dimer.into_iter().cycle()) {
        if let (Some(method), [seconds, distance]) = (name.strip_prefix("dynamiqs_"), p.as_slice()) {
            let _ = writeln!(
                out,
                "  * dynamiqs, `mesolve` by `{method}` on diagonal-sparse operators, compilation not counted: {seconds:.2} s (D = {distance:.8}); \
                 **{:.0} times** faster.",
                seconds / own
            );
        }
    }
    if qutip.is_none() {
        let _ = writeln!(out, "* QuTiP does not install or run on this machine and is not compared.");
    }
    for row in ours.rows("dimer_total_100").filter(|r| r.len() == 6) {
        let _ = writeln!(
            out,
            "* The same up to 100 quanta in all, k = 0.5, t = 0 to 10 at 1e-9: **{:.2} s**, {} elements, {} applications (D = {:.6}).",
            row[0], row[3], row[5], row[2]
        );
    }
    let (free, driven) = ("van der Pol oscillators", "driven Kerr oscillators that hardly decay");
    for (name, of, size) in
        [("steady_16", free, 16), ("steady_40", free, 40), ("driven_12", driven, 12), ("driven_20", driven, 20)]
    {
        for row in ours.rows(name).filter(|r| r.len() == 5) {
            let _ = writeln!(
                out,
                "* The steady state of two {of} below {size} states a mode: **{:.1} ms**, {} elements, residual {:.0e}, \
                 peak memory {:.0} MB (⟨n⟩ = {:.8}).",
                1e3 * row[0],
                row[1],
                row[2],
                row[4],
                row[3]
            );
            let key = format!("{name}_");
            for (way, p) in qutip.into_iter().flat_map(|t| &t.0).filter(|(n, p)| n.starts_with(&key) && p.len() == 3) {
                let way = way[key.len()..].replace('_', ", ");
                let _ = writeln!(
                    out,
                    "  * QuTiP, `steadystate`, {way}: {:.2} s, peak memory {:.0} MB (⟨n⟩ = {:.8}); **{:.0} times** faster.",
                    p[0],
                    p[2],
                    p[1],
                    p[0] / row[0]
                );
            }
        }
    }
    for members in [5, 10] {
        for row in ours.rows(&format!("central_{members}")).filter(|r| r.len() == 5) {
            let _ = writeln!(
                out,
                "* Two chains of {members} spins and a central one to t = 2·10⁴ at 1e-9: **{:.2} s**, {} states, {} elements populated, {} \
                 applications (⟨σ_z⟩ = {:.8}).",
                row[0], row[2], row[3], row[4], row[1]
            );
            let key = format!("central_{members}_");
            for (method, p) in qutip.into_iter().flat_map(|t| &t.0).filter(|(n, p)| n.starts_with(&key) && p.len() == 2)
            {
                let _ = writeln!(
                    out,
                    "  * QuTiP, `mesolve` by `{}`, its fastest here, rtol 1e-6: {:.1} s (⟨σ_z⟩ = {:.8}); **{:.0} times** faster.",
                    &method[key.len()..],
                    p[0],
                    p[1],
                    p[0] / row[0]
                );
            }
        }
    }
    for row in ours.rows("apply").filter(|r| r.len() == 5) {
        // A vector read and one written, at the pace of the sum; the arithmetic alone.
        let (memory, arithmetic) = (32.0 / row[3], row[4]);
        let _ = writeln!(
            out,
            "* The generator applied to {} elements: **{:.2} ns** an element; {:.1} GB/s of the {:.1} GB/s that a sum of two vectors reaches in \
             the same run, counting the state and the result once: {:.2} ns if that were all. The arithmetic alone, the same operations on 64 \
             elements in the first cache, takes {:.2} ns. **{:.0} %** of the slower of both limits is reached.",
            row[0],
            row[1],
            row[2],
            row[3],
            memory,
            arithmetic,
            100.0 * memory.max(arithmetic) / row[1]
        );
    }
    out
}

/// The response level.
fn response(ours: &Table, peers: &Table) -> String {
    let mut out = String::from(RESPONSE);
    for row in ours.rows("response_map").filter(|r| r.len() == 5) {
        let _ = writeln!(
            out,
            "* The thermal machine in lowest order on a map of {} frequencies and temperatures, all powers, heat, noise, uncertainties, bounds and \
             their derivatives: **{:.1} ms** on all cores; **{:.2} µs** a point and core ({} points by the closed form to ten digits; the others \
             are left to the quadrature).",
            row[0],
            1e3 * row[1],
            row[2],
            row[3]
        );
        let what = [
            ("response_numpy", "NumPy and SciPy's digamma, vectorised, two powers alone"),
            ("response_numba", "Numba, two powers alone"),
            ("response_quad", "`scipy.integrate.quad`, one power alone"),
        ];
        for (name, text) in what {
            for p in peers.rows(name).filter(|p| p.len() == 2) {
                let _ = writeln!(
                    out,
                    "  * {text}: {:.2} µs a point (P_A = {:.10}); **{:.0} times** faster.",
                    p[0],
                    p[1],
                    p[0] / row[2]
                );
            }
        }
    }
    for row in ours.rows("response_point").filter(|r| r.len() == 3) {
        let _ = writeln!(
            out,
            "* One point alone, from the response to all results: **{:.1} µs** in closed form, {:.0} µs by graded quadrature (P_A = {:.10}).",
            row[0], row[1], row[2]
        );
    }
    for row in ours.rows("response_all").filter(|r| r.len() == 5) {
        let _ = writeln!(
            out,
            "* All orders with noise, Omega = {}, gamma1 = {}: **{:.0} ms**, {} harmonics on each side (Q = {:.5}).",
            row[0],
            row[1],
            1e3 * row[2],
            row[3],
            row[4]
        );
    }
    out
}

/// The stochastic level.
fn trajectories(ours: &Table, peers: &Table, optional: &[(&str, Option<Table>)]) -> String {
    let mut out = String::from("\n## Trajectories\n\nCPU times on one thread; two free cores need half of them.\n\n");
    for row in ours.rows("normals") {
        let _ =
            writeln!(out, "* A normally distributed number (Philox4x32-10, Box–Muller): **{:.2} ns**.", 1e9 * row[0]);
    }
    for row in ours.rows("exact").filter(|r| r.len() == 3) {
        let _ = writeln!(
            out,
            "* {} trajectories × {} exact samples of two membranes and their cavity, with means and covariances: **{:.1} ms**.",
            row[0],
            row[1],
            1e3 * row[2]
        );
    }
    for row in ours.rows("ticks").filter(|r| r.len() == 3) {
        let _ = writeln!(
            out,
            "* One simulated second of ticks of both membranes ({:.0} ticks of the first, 16 exact samples a period): **{:.2} s**.",
            row[0], row[1]
        );
    }
    for row in ours.rows("wigner").filter(|r| r.len() == 3) {
        let _ = writeln!(
            out,
            "* Truncated Wigner of the optomechanical pair, 4000 trajectories to t = 1000 in steps of {}: **{:.2} s** (S_c at the end {:.3}).",
            row[0], row[1], row[2]
        );
        for (name, what) in [("wigner_numba", "Numba"), ("wigner_numba_fastmath", "Numba with fastmath")] {
            for p in peers.rows(name).filter(|p| p.len() == 3 && p[0] == row[0]) {
                let _ = writeln!(
                    out,
                    "  * The same scheme and step in a loop over trajectories, {what}: {:.2} s (S_c {:.3}); **{:.1} times** faster.",
                    p[1],
                    p[2],
                    p[1] / row[1]
                );
            }
        }
        for (name, table) in optional {
            let key = format!("wigner_{name}");
            for p in table.iter().flat_map(|t| t.rows(&key)).filter(|p| p.len() == 3 && p[0] == row[0]) {
                let _ = writeln!(out, "{}", against(name, p, row[1]));
            }
        }
    }
    for (name, _) in optional.iter().filter(|(_, table)| table.is_none()) {
        let _ = writeln!(out, "* {name} does not install or run on this machine and is not compared.");
    }
    let memory: Vec<&[f64]> = ours.rows("ensemble_memory").filter(|r| r.len() == 2).collect();
    if let [short, .., long] = memory.as_slice() {
        let _ = writeln!(
            out,
            "* Largest resident memory of an ensemble: {:.1} MB for {} trajectories, {:.1} MB for {}.",
            short[1] / 1e6,
            short[0],
            long[1] / 1e6,
            long[0]
        );
    }
    out
}
