//! How far a sweep is.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

/// Who is told how far a sweep is. Calls come from several threads.
pub trait Progress: Sync {
    /// The sweep begins: `total` points, of which `done` were done before.
    fn start(&self, total: u64, done: u64);
    /// One more point is done.
    fn advance(&self);
    /// `more` points are to be done beside those announced at the start.
    fn extend(&self, _more: u64) {}
    /// The sweep ends, or is interrupted.
    fn finish(&self, interrupted: bool);
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn start(&self, _total: u64, _done: u64) {}
    fn advance(&self) {}
    fn finish(&self, _interrupted: bool) {}
}

/// A bar on standard error with the rate and the time left.
#[derive(Debug)]
pub struct Bar {
    bar: ProgressBar,
}

impl Default for Bar {
    fn default() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(8));
        let style = ProgressStyle::with_template("{bar:32} {pos}/{len} points  {rate}  {elapsed} elapsed, {eta} left");
        if let Ok(style) = style {
            let write_rate = |state: &ProgressState, out: &mut dyn fmt::Write| {
                // The bar is drawn again a moment later.
                let _ = out.write_str(&rate(state.per_sec()));
            };
            bar.set_style(style.with_key("rate", write_rate).progress_chars("━╸─"));
        }
        Self { bar }
    }
}

impl Progress for Bar {
    fn start(&self, total: u64, done: u64) {
        self.bar.set_length(total);
        self.bar.set_position(done);
        // The rate counts from here: what was done before took no time.
        self.bar.reset_eta();
        self.bar.reset_elapsed();
        self.bar.enable_steady_tick(Duration::from_millis(250));
    }

    fn advance(&self) {
        self.bar.inc(1);
    }

    fn extend(&self, more: u64) {
        self.bar.inc_length(more);
    }

    fn finish(&self, interrupted: bool) {
        if interrupted {
            self.bar.abandon();
        } else {
            self.bar.finish();
        }
        if !self.bar.is_hidden() {
            // The cursor stands behind the bar.
            let _ = writeln!(io::stderr());
        }
    }
}

/// A rate in words, such as `12.5 points/s` or `3.2 points/min`.
pub(super) fn rate(per_second: f64) -> String {
    match per_second {
        r if r >= 100.0 => format!("{r:.0} points/s"),
        r if r >= 1.0 => format!("{r:.1} points/s"),
        r if r * 60.0 >= 1.0 => format!("{:.1} points/min", r * 60.0),
        r => format!("{:.1} points/h", r * 3600.0),
    }
}

/// A line every few seconds, for logs.
pub struct Lines<W: Write + Send> {
    every: Duration,
    state: Mutex<LinesState<W>>,
}

struct LinesState<W> {
    out: W,
    total: u64,
    before: u64,
    done: u64,
    started: Instant,
    last: Instant,
}

impl<W: Write + Send> LinesState<W> {
    fn line(&mut self, end: &str) {
        let seconds = self.started.elapsed().as_secs_f64();
        let per_second = (self.done - self.before) as f64 / seconds.max(1e-9);
        let left = if end.is_empty() && per_second > 0.0 {
            format!(", {} left", duration((self.total - self.done) as f64 / per_second))
        } else {
            end.to_owned()
        };
        // A log that cannot be written does not stop the sweep.
        let _ = writeln!(
            self.out,
            "{}/{} points, {} elapsed, {}{left}",
            self.done,
            self.total,
            duration(seconds),
            rate(per_second)
        );
        let _ = self.out.flush();
    }
}

/// A time in words, such as `0.3 s` or `2 h 05 min`.
pub(super) fn duration(seconds: f64) -> String {
    if (0.0..9.95).contains(&seconds) {
        return format!("{seconds:.1} s");
    }
    let s = seconds.round().clamp(0.0, 1e15) as u64;
    match s {
        0..60 => format!("{s} s"),
        60..3600 => format!("{} min {:02} s", s / 60, s % 60),
        _ => format!("{} h {:02} min", s / 3600, s / 60 % 60),
    }
}

impl<W: Write + Send> Lines<W> {
    /// Lines into `out`, one at most every `every`, and one at the end.
    pub fn new(out: W, every: Duration) -> Self {
        let now = Instant::now();
        Self { every, state: Mutex::new(LinesState { out, total: 0, before: 0, done: 0, started: now, last: now }) }
    }

    fn with(&self, act: impl FnOnce(&mut LinesState<W>)) {
        act(&mut self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    }
}

impl<W: Write + Send> Progress for Lines<W> {
    fn start(&self, total: u64, done: u64) {
        self.with(|s| {
            (s.total, s.before, s.done) = (total, done, done);
            s.started = Instant::now();
            s.last = s.started;
        });
    }

    fn advance(&self) {
        self.with(|s| {
            s.done += 1;
            if s.last.elapsed() >= self.every {
                s.line("");
                s.last = Instant::now();
            }
        });
    }

    fn extend(&self, more: u64) {
        self.with(|s| s.total += more);
    }

    fn finish(&self, interrupted: bool) {
        self.with(|s| s.line(if interrupted { ", interrupted" } else { ", done" }));
    }
}

/// The right report for standard error: a bar on a terminal; elsewhere nothing, or, if `asked`, a line every five seconds.
pub fn for_stderr(asked: bool) -> Box<dyn Progress> {
    if io::stderr().is_terminal() {
        Box::new(Bar::default())
    } else if asked {
        Box::new(Lines::new(io::stderr(), Duration::from_secs(5)))
    } else {
        Box::new(Silent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_say_how_far_and_how_long() {
        let lines = Lines::new(Vec::new(), Duration::ZERO);
        lines.start(4, 2);
        lines.advance();
        lines.advance();
        lines.finish(false);
        let text = String::from_utf8(lines.state.into_inner().unwrap().out).unwrap();
        let rows: Vec<_> = text.lines().collect();
        assert_eq!(rows.len(), 3);
        assert!(rows[0].starts_with("3/4 points, 0.0 s elapsed") && rows[0].ends_with(" left"), "{text}");
        assert!(rows[2].starts_with("4/4 points") && rows[2].ends_with(", done"), "{text}");
    }

    #[test]
    fn times_and_rates_read_well() {
        assert_eq!(rate(1234.5), "1234 points/s");
        assert_eq!(rate(12.34), "12.3 points/s");
        assert_eq!(rate(0.05), "3.0 points/min");
        assert_eq!(rate(0.001), "3.6 points/h");
        assert_eq!(duration(0.26), "0.3 s");
        assert_eq!(duration(59.4), "59 s");
        assert_eq!(duration(125.0), "2 min 05 s");
        assert_eq!(duration(7500.0), "2 h 05 min");
    }
}
