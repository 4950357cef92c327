//! Shows styled text, in lines that fit the terminal.
//!
//! A server can write anything into its log. Therefore all text is passed through [`visible()`]
//! before it is shown. [`Line`] and [`wrapped`] do this, and no other code prints.

mod cause;
mod chart;
mod lesson;
mod line;
mod steps;
mod tables;
mod timeline;
mod visible;
// <staff>
mod mistakes;
// </staff>

pub use cause::{Mistake, brief, failure, failure_in_full, failure_within};
pub use chart::chart;
pub use lesson::{Heading, IdColumn, amount, last, mark, time};
pub use line::{AddText, Line, cut, hanging, without_commands, wrapped};
pub use tables::chosen;
pub use timeline::{Calls, EventList};
pub use visible::visible;
// <staff>
pub use mistakes::{MistakeResult, MistakeTable, markdown};
// </staff>

use anstream::AutoStream;
use std::io::{self, ErrorKind, Write};

/// The place where lines are shown, and the maximum number of columns of a line.
pub struct Screen {
    target: Target,
    width: usize,
    /// Whether the reader of standard output has ended, as in `| head`.
    has_lost_reader: bool,
}

enum Target {
    Stdout(anstream::Stdout),
    Memory(String),
    Nothing,
}

impl Screen {
    /// Shows lines on standard output. The width is the terminal's width, limited to 32 to 100
    /// columns. If standard output is not a terminal, the width is 80 columns.
    ///
    /// Colour depends on the terminal, `NO_COLOR` and `CLICOLOR`.
    pub fn stdout() -> Self {
        Self::of_at_most(100)
    }

    /// Shows lines on standard output, for text in two columns. The width is the terminal's width,
    /// limited to 32 to 200 columns. If standard output is not a terminal, the width is 80 columns.
    pub fn wide() -> Self {
        Self::of_at_most(200)
    }

    fn of_at_most(most: usize) -> Self {
        let columns = terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| width.0);
        let width = columns.map_or(80, |columns| usize::from(columns).clamp(32, most));
        Self::of(Target::Stdout(anstream::stdout()), width)
    }

    /// Stores lines in memory, as plain text of `width` columns. [`Screen::text`] returns the text.
    pub fn in_memory(width: usize) -> Self {
        Self::of(Target::Memory(String::new()), width)
    }

    /// Shows nothing.
    pub fn none() -> Self {
        Self::of(Target::Nothing, 80)
    }

    fn of(target: Target, width: usize) -> Self {
        Self { target, width, has_lost_reader: false }
    }

    /// Whether the reader of standard output has ended, as in `| head`. A command that has no end of
    /// its own then ends.
    pub fn has_lost_reader(&self) -> bool {
        self.has_lost_reader
    }

    /// The text that a screen [in memory](Screen::in_memory) has so far. Empty for other screens.
    pub fn text(&self) -> &str {
        match &self.target {
            Target::Memory(text) => text,
            Target::Stdout(_) | Target::Nothing => "",
        }
    }

    /// The maximum number of columns of a line.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Shows one line at once.
    ///
    /// # Errors
    /// The errors of standard output, except EPIPE. If the reader has ended, as in `| head`, the
    /// command continues to its end and shows nothing more.
    pub fn show(&mut self, line: &Line) -> io::Result<()> {
        let written = match &mut self.target {
            Target::Stdout(stdout) => {
                writeln!(stdout, "{}", line.rendered()).and_then(|()| stdout.flush())
            }
            Target::Memory(text) => {
                *text += &(line.text() + "\n");
                Ok(())
            }
            Target::Nothing => Ok(()),
        };
        written.or_else(|error| match error.kind() {
            ErrorKind::BrokenPipe => {
                self.has_lost_reader = true;
                Ok(())
            }
            kind => Err(io::Error::new(kind, format!("cannot write to standard output: {error}"))),
        })
    }

    /// Shows several lines.
    ///
    /// # Errors
    /// As [`Screen::show`].
    pub fn show_all(&mut self, lines: &[Line]) -> io::Result<()> {
        lines.iter().try_for_each(|line| self.show(line))
    }
}

/// Whether standard output is shown in colour.
pub fn in_colour() -> bool {
    AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never
}

/// Whether standard error is shown in colour.
pub fn errors_in_colour() -> bool {
    AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never
}

/// Shows a line on standard error.
pub fn note(line: &Line) {
    // If standard error is closed, there is no other place to report this.
    let _ = writeln!(anstream::stderr(), "{}", line.rendered());
}

/// Shows an error and its causes on standard error.
pub fn error(error: &anyhow::Error) {
    let chain = format!("{error:#}");
    for (index, text) in chain.lines().enumerate() {
        let start = if index == 0 { Line::new().bad("error").plain(": ") } else { Line::new() };
        // If standard error is closed, there is no other place to report this.
        let _ = writeln!(anstream::stderr(), "{}", start.plain(text).rendered());
    }
}
