//! The `huygens` command: arguments, terminal output, exit codes.
//!
//! Standard output carries what a script or a reader asked for (JSON, CSV, equations, lists); tables, progress, warnings and
//! errors go to standard error. Exit codes: 0 fine, 1 a check failed, 2 bad input, 3 internal error, 130 interrupted.

mod args;
mod commands;
mod output;

use std::panic;
use std::process::ExitCode;

use clap::Parser;
use huygens_lab::runs::RunError;

use args::{Arguments, Command};
use output::Terminal;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// All is well.
    Fine,
    /// A result that cannot be trusted in some respect.
    CheckFailed,
    /// Stopped by Ctrl-C.
    Interrupted,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Fine => ExitCode::SUCCESS,
            Outcome::CheckFailed => ExitCode::from(1),
            Outcome::Interrupted => ExitCode::from(130),
        }
    }
}

fn main() -> ExitCode {
    // Every panic is a mistake in the program. In a sweep it is the result of one point, and told with it.
    panic::set_hook(Box::new(|info| {
        if std::thread::current().name() == Some("sweep") {
            return;
        }
        let terminal = Terminal::new();
        terminal.say(&format!(
            "internal error: {info}\nThis is a mistake in huygens {}, not in your input. Please report it with the command that led here.",
            env!("CARGO_PKG_VERSION")
        ));
    }));
    let arguments = Arguments::parse();
    match panic::catch_unwind(|| dispatch(arguments.command)) {
        Ok(Ok(outcome)) => outcome.into(),
        Ok(Err(error)) => {
            let terminal = Terminal::new();
            terminal.say(&error.render(terminal.color()));
            ExitCode::from(2)
        }
        Err(_) => ExitCode::from(3),
    }
}

fn dispatch(command: Command) -> Result<Outcome, RunError> {
    match command {
        Command::Run(a) => commands::run::run(&a),
        Command::Sweep(a) => commands::sweep::sweep(&a),
        Command::Optimize(a) => commands::optimize::optimize(&a),
        Command::Continue(a) => commands::continuation::follow(&a),
        Command::Reproduce(a) => commands::reproduce::reproduce(&a),
        Command::Equations(a) => commands::equations::equations(&a),
        Command::List(a) => commands::list::list(a.what),
        Command::Show(a) => commands::show::show(&a.name),
        Command::Check(a) => commands::check::check(&a),
        Command::Clocks(a) => commands::clocks::clocks(&a),
    }
}
