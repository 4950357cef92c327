//! What a learner sees: lines of styled text that fit the terminal.
//!
//! Servers write what they like into their logs, so text reaches a terminal through
//! [`visible()`] alone: [`Line`] and [`wrapped`] call it, and nothing else prints.

mod cause;
mod lesson;
mod line;
mod steps;
mod tables;
mod visible;
// <staff>
mod mistakes;
// </staff>

pub use cause::{Mistake, brief, failure};
pub use lesson::{Heading, Ids, amount, last, mark, time};
pub use line::{Line, hanging, wrapped};
pub use tables::chosen;
pub use visible::visible;
// <staff>
pub use mistakes::{Judged, Shape, markdown};
// </staff>

use anstream::AutoStream;
use std::io::{self, ErrorKind, Write};

/// Where lines are shown, and how wide it is.
pub struct Screen {
    out: Out,
    width: usize,
}

enum Out {
    Stdout(anstream::Stdout),
    Text(String),
    Nothing,
}

impl Screen {
    /// Standard output: as wide as the terminal (100 columns at most), 80 columns in a pipe.
    ///
    /// Colour follows the terminal, `NO_COLOR` and `CLICOLOR`.
    pub fn stdout() -> Self {
        let columns = terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| width.0);
        let width = columns.map_or(80, |columns| usize::from(columns).clamp(32, 100));
        Self { out: Out::Stdout(anstream::stdout()), width }
    }

    /// Plain text of `width` columns, kept for [`Screen::text`].
    pub fn kept(width: usize) -> Self {
        Self { out: Out::Text(String::new()), width }
    }

    /// Nowhere.
    pub fn none() -> Self {
        Self { out: Out::Nothing, width: 80 }
    }

    /// What a [`Screen::kept`] has been shown so far; nothing for the others.
    pub fn text(&self) -> &str {
        match &self.out {
            Out::Text(text) => text,
            Out::Stdout(_) | Out::Nothing => "",
        }
    }

    /// Columns that a line may take.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Shows one line now.
    ///
    /// # Errors
    /// The writer's own. A reader that has gone (`| head`) is none: the proof goes on without it.
    pub fn show(&mut self, line: &Line) -> io::Result<()> {
        let written = match &mut self.out {
            Out::Stdout(stdout) => {
                writeln!(stdout, "{}", line.rendered()).and_then(|()| stdout.flush())
            }
            Out::Text(text) => {
                *text += &(line.text() + "\n");
                Ok(())
            }
            Out::Nothing => Ok(()),
        };
        written.or_else(|error| match error.kind() {
            ErrorKind::BrokenPipe => Ok(()),
            kind => Err(io::Error::new(kind, format!("cannot write to standard output: {error}"))),
        })
    }

    /// Shows lines one after another.
    ///
    /// # Errors
    /// As [`Screen::show`].
    pub fn show_all(&mut self, lines: &[Line]) -> io::Result<()> {
        lines.iter().try_for_each(|line| self.show(line))
    }
}

/// Whether standard error shows colour.
pub fn errors_in_colour() -> bool {
    AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never
}

/// Says something on standard error, in passing.
pub fn note(line: &Line) {
    // Nobody is left to tell where standard error is closed.
    let _ = writeln!(anstream::stderr(), "{}", line.rendered());
}

/// Shows an error and its causes on standard error.
pub fn error(error: &anyhow::Error) {
    let chain = format!("{error:#}");
    for (index, text) in chain.lines().enumerate() {
        let start = if index == 0 { Line::new().bad("error").plain(": ") } else { Line::new() };
        // Nobody is left to tell where standard error is closed.
        let _ = writeln!(anstream::stderr(), "{}", start.plain(text).rendered());
    }
}
