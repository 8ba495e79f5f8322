//! Other programs, run with their output shown.

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Why a step did not succeed.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(crate) fn file(path: &Path, error: &std::io::Error) -> Self {
        Self(format!("{}: {error}", path.display()))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A message on standard error.
pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// The cargo that runs this.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(crate::root());
    command
}

fn shown(command: &Command) -> String {
    let words: Vec<_> =
        std::iter::once(command.get_program()).chain(command.get_args()).map(|w| w.to_string_lossy()).collect();
    words.join(" ")
}

/// Runs a program; any exit code but those of `fine` is a failure.
pub(crate) fn run(command: &mut Command, fine: &[i32]) -> Result<(), Failure> {
    say(&format!("> {}", shown(command)));
    let status = command.stdin(Stdio::null()).status().map_err(|e| Failure(format!("{}: {e}", shown(command))))?;
    if status.code().is_some_and(|code| fine.contains(&code)) {
        return Ok(());
    }
    Err(Failure(format!("`{}` ended with {status}", shown(command))))
}

/// Runs a program that must succeed.
pub(crate) fn succeed(command: &mut Command) -> Result<(), Failure> {
    run(command, &[0])
}

/// Runs a program that must succeed and returns its standard output.
pub(crate) fn output(command: &mut Command) -> Result<String, Failure> {
    say(&format!("> {}", shown(command)));
    let done = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|e| Failure(format!("{}: {e}", shown(command))))?;
    if !done.status.success() {
        return Err(Failure(format!("`{}` ended with {}", shown(command), done.status)));
    }
    String::from_utf8(done.stdout).map_err(|_| Failure(format!("`{}` wrote something that is no text", shown(command))))
}

/// The folder of built programs.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| crate::root().join("target"), PathBuf::from)
}

/// Builds the huygens command in release mode and returns its path.
pub(crate) fn build_huygens() -> Result<PathBuf, Failure> {
    succeed(cargo().args(["build", "--release", "--package", "huygens-cli"]))?;
    Ok(target().join("release").join(format!("huygens{}", std::env::consts::EXE_SUFFIX)))
}
