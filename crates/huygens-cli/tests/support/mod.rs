//! The real command, in a folder of its own.

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The huygens command with these arguments in `folder`: no terminal, no colours.
pub fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_huygens"));
    command.args(arguments).current_dir(folder).env("NO_COLOR", "1").env_remove("CI").stdin(Stdio::null());
    command
}

/// Runs it to its end.
pub fn huygens(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().expect("the command starts")
}

pub fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

pub fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

pub fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}
