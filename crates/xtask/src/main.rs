//! What the developers of Huygens run: `cargo xtask test|bench|docs|figures|ci`.

mod bench;
mod clocks;
mod process;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use process::{Failure, cargo, say, succeed};

const HELP: &str = "\
cargo xtask COMMAND

  test [ARGS]   all tests of all crates (ARGS go to `cargo test`)
  ci            formatting, lints, documentation and all tests: what a change must pass
  docs          rustdoc with warnings denied, and the book if mdBook is installed
  figures       draw the figures of the README and the gallery again, through the huygens command
  bench [density|response]
                time Huygens against SciPy and Numba on this machine and write BENCHMARKS.md
                (Python 3 with venv; the packages go into target/bench-env); with a name, that section alone";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    let outcome = match command.as_str() {
        "test" => test(&rest),
        "ci" => ci(),
        "docs" => docs(),
        "figures" => figures(),
        "bench" if rest.is_empty() => bench::bench(),
        "bench" if rest == ["response"] => bench::response_alone(),
        "bench" if rest == ["density"] => bench::density_alone(),
        "" | "help" | "--help" | "-h" => {
            say(HELP);
            return if command.is_empty() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
        other => {
            say(&format!("there is no `{other}`\n\n{HELP}"));
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say(&failure.to_string());
            ExitCode::FAILURE
        }
    }
}

/// The root of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("xtask lies two folders below the root").to_owned()
}

fn test(rest: &[String]) -> Result<(), Failure> {
    succeed(cargo().args(["test", "--workspace"]).args(rest))
}

fn ci() -> Result<(), Failure> {
    succeed(cargo().args(["fmt", "--all", "--check"]))?;
    succeed(cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    docs()?;
    test(&[])
}

fn docs() -> Result<(), Failure> {
    succeed(cargo().args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))?;
    let book = root().join("docs");
    if !book.join("book.toml").exists() {
        return Ok(());
    }
    match std::process::Command::new("mdbook").arg("--version").output() {
        Ok(found) if found.status.success() => succeed(std::process::Command::new("mdbook").arg("build").arg(&book)),
        _ => {
            say(
                "mdBook is not installed: the book was not built (cargo install mdbook); docs/src can be read as it is",
            );
            Ok(())
        }
    }
}

/// The figures of the README and of the gallery: the beginning of their names in docs/figures, and the command that draws them.
const FIGURES: [(&str, &[&str]); 11] = [
    ("optomechanical-pair", &["run", "optomechanical-pair"]),
    (
        "optomechanical-pair-mu",
        &[
            "sweep",
            "optomechanical-pair",
            "--over",
            "mu=0.002:0.085:167",
            "-m",
            "complete_sync(b1,b2)",
            "-m",
            "phase_sync(b1,b2)",
        ],
    ),
    (
        "van-der-pol-tongue",
        &[
            "sweep",
            "van-der-pol-pair",
            "--over",
            "V=0.005:0.2:40",
            "--over",
            "Delta=-0.1:0.1:41",
            "-m",
            "order_parameter",
        ],
    ),
    ("optomechanical-pair-branch", &["continue", "optomechanical-pair", "--in", "mu=0.02:0.2"]),
    (
        "membranes-optimum",
        &[
            "optimize",
            "membranes",
            "--over",
            "g=0.001:0.1:log",
            "--maximize",
            "pearson(q(b1),q(b2))",
            "--per",
            "entropy_production",
        ],
    ),
    ("clocks-coupled", &["clocks", "target/figures/coupled.csv"]),
    ("mari2013", &["reproduce", "mari2013"]),
    ("yang2024", &["reproduce", "yang2024"]),
    ("aifer2024", &["reproduce", "aifer2024"]),
    ("razzoli2024", &["reproduce", "razzoli2024"]),
    ("ghildiyal2024", &["reproduce", "ghildiyal2024"]),
];

fn figures() -> Result<(), Failure> {
    let huygens = process::build_huygens()?;
    let folder = root().join("docs/figures");
    let work = root().join("target/figures");
    std::fs::create_dir_all(&folder).map_err(|e| Failure::file(&folder, &e))?;
    std::fs::create_dir_all(&work).map_err(|e| Failure::file(&work, &e))?;
    let recording = work.join("coupled.csv");
    std::fs::write(&recording, clocks::recording(0.06)).map_err(|e| Failure::file(&recording, &e))?;
    for (name, arguments) in FIGURES {
        let out = work.join(name);
        // A store that is there already would be continued, not drawn.
        let _ = std::fs::remove_dir_all(&out);
        let mut command = std::process::Command::new(&huygens);
        command.args(arguments).current_dir(root());
        if arguments[0] == "sweep" {
            command.arg("--out").arg(out.join("store.zarr")).arg("--figure").arg(out.join(name));
        } else {
            command.arg("--out").arg(&out);
        }
        // A failed check is part of some of these pictures: it is written on them.
        process::run(&mut command, &[0, 1])?;
        for entry in std::fs::read_dir(&out).map_err(|e| Failure::file(&out, &e))?.flatten() {
            let path = entry.path();
            let picture = path.extension().is_some_and(|e| e == "png" || e == "svg");
            let (Some(file), true) = (path.file_name().and_then(|f| f.to_str()), picture) else { continue };
            let named = file.starts_with(name) || name.ends_with(file.split('.').next().unwrap_or(file));
            let target = folder.join(match (named, path.extension()) {
                (true, Some(extension)) if !file.starts_with(name) => format!("{name}.{}", extension.to_string_lossy()),
                (true, _) => file.to_owned(),
                (false, _) => format!("{name}-{file}"),
            });
            std::fs::copy(&path, &target).map_err(|e| Failure::file(&target, &e))?;
        }
    }
    say(&format!("figures drawn into {}", folder.display()));
    Ok(())
}
