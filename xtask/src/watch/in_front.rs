//! Gives the terminal to another program, such as a pager or the server, until that program ends.

use super::ending::end;
use super::keys;
use super::round::OWN_PROGRAM;
use anstream::adapter::strip_str;
use anstream::{AutoStream, ColorChoice};
use anyhow::{Context, Result};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill, raise};
use std::env;
use std::ffi::OsStr;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use terminal::interrupt::{ENDING, next_signal};
use terminal::tty::{self, SingleKeys};

/// The pause after which the end of the program is noticed.
const PAUSE: u8 = 20; // milliseconds

/// The pager, unless the user has another one.
const PAGER: &str = "less -R '-Pq goes back to the verdict'";

/// The terminal, for a program in front of `watch`.
#[derive(Clone, Copy)]
pub(super) struct Front<'a> {
    /// The single keys, which are paused for the program.
    pub(super) keys: &'a SingleKeys,
    /// The numbers of the signals that have come.
    pub(super) signals: &'a UnixStream,
}

impl Front<'_> {
    /// Shows text, which may have colours, in the pager.
    ///
    /// # Errors
    /// A temporary file cannot be written, or the pager cannot be started.
    pub(super) fn page(self, text: &str) -> Result<Option<Signal>> {
        let mut file = tempfile::NamedTempFile::new().context("cannot make a temporary file")?;
        match AutoStream::choice(&io::stdout()) {
            ColorChoice::Never => writeln!(file, "{}", strip_str(text))?,
            _ => writeln!(file, "{text}")?,
        }
        self.page_file(file.path())
    }

    /// Shows a file in the pager: PAGER, or less(1).
    ///
    /// # Errors
    /// The pager cannot be started.
    pub(super) fn page_file(self, path: &Path) -> Result<Option<Signal>> {
        let pager = env::var("PAGER").ok().filter(|pager| !pager.trim().is_empty());
        let pager = pager.unwrap_or_else(|| PAGER.to_owned());
        let words = shell_words::split(&pager).context("PAGER: quote it as for a shell")?;
        let (program, arguments) = words.split_first().context("PAGER names no program")?;
        let mut command = Command::new(program);
        command.args(arguments).arg(path);
        self.run(command).with_context(|| {
            format!("cannot start {program} for {}; set PAGER to another pager", path.display())
        })
    }

    /// Runs a command of the course.
    ///
    /// # Errors
    /// The command cannot be started.
    pub(super) fn run_own(
        self,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
    ) -> Result<Option<Signal>> {
        let mut command = Command::new(OWN_PROGRAM);
        command.args(arguments);
        self.run(command)
    }

    /// Runs a program until it ends. Ctrl-C is for the program. Returns the signal that ends `watch`,
    /// if one has come; the program has then ended, too.
    fn run(self, mut command: Command) -> Result<Option<Signal>> {
        self.keys.paused(|| {
            let mut child = command.spawn()?;
            loop {
                if child.try_wait()?.is_some() {
                    return Ok(None);
                }
                let mut entry = [PollFd::new(self.signals.as_fd(), PollFlags::POLLIN)];
                if poll(&mut entry, PollTimeout::from(PAUSE)).is_ok_and(|count| count > 0)
                    && let Some(signal) = next_signal(self.signals)?
                {
                    match signal {
                        // Ctrl-C is for the program.
                        Signal::SIGTERM | Signal::SIGHUP => {
                            end(&mut child, kill);
                            return Ok(Some(signal));
                        }
                        // The terminal has sent the signal to the program, too.
                        Signal::SIGTSTP => raise(Signal::SIGSTOP)?,
                        _ => {}
                    }
                }
            }
        })?
    }

    /// Waits for a key. Returns the signal that ends `watch`, if one has come first.
    ///
    /// # Errors
    /// The terminal cannot be read.
    pub(super) fn any_key(self) -> Result<Option<Signal>> {
        // A key that was pressed while the program ran is not an answer. A key after the text is one.
        tty::forget_keys();
        writeln!(io::stdout(), "\nany key: back to the verdict")?;
        loop {
            let stdin = io::stdin();
            let mut entries = [stdin.as_fd(), self.signals.as_fd()]
                .map(|descriptor| PollFd::new(descriptor, PollFlags::POLLIN));
            if !poll(&mut entries, PollTimeout::NONE).is_ok_and(|count| count > 0) {
                continue;
            }
            let [has_key, has_signal] = entries.map(|entry| entry.any().unwrap_or(true));
            if has_signal
                && let Some(signal) =
                    next_signal(self.signals)?.filter(|signal| ENDING.contains(signal))
            {
                return Ok(Some(signal));
            }
            if has_key {
                // A terminal that is gone sends SIGHUP.
                keys::pressed()?;
                return Ok(None);
            }
        }
    }
}
