//! Where text goes: data to standard output, everything for people to standard error.

use std::io::{self, IsTerminal, Write};

use huygens_lab::record::Style;
use huygens_lab::runs::RunError;

/// Standard error, with colours where it is a terminal and `NO_COLOR` is not set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminal {
    style: Style,
}

impl Terminal {
    pub(crate) fn new() -> Self {
        Self { style: Style::for_stream(&io::stderr()) }
    }

    pub(crate) fn color(self) -> bool {
        self.style.colour
    }

    pub(crate) fn style(self) -> Style {
        self.style
    }

    /// A message on lines of its own. A standard error that nobody reads is no reason to stop.
    pub(crate) fn say(self, text: &str) {
        let mut out = io::stderr().lock();
        let _ = writeln!(out, "{}", text.trim_end());
    }

    /// A remark in grey.
    pub(crate) fn remark(self, text: &str) {
        if self.style.colour { self.say(&format!("\x1b[2m{text}\x1b[0m")) } else { self.say(text) }
    }
}

/// Whether standard error is read by a person at this moment.
pub(crate) fn watched() -> bool {
    io::stderr().is_terminal()
}

/// Writes to standard output. A reader that went away (`| head`) ends the output quietly.
pub(crate) fn data(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), RunError> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(RunError::input(
            format!("cannot write to standard output: {error}"),
            "make room there, or write to another place",
        )),
    }
}

/// The same for a text that is there already.
pub(crate) fn print(text: &str) -> Result<(), RunError> {
    data(|out| out.write_all(text.as_bytes()))
}
