//! The loop of `view`: waits for keys, signals and the server, and draws what has changed.

mod on_key;

use super::backend::Stdout;
use super::keys;
use super::screen::{Picture, Title};
use anyhow::{Context, Result};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, raise};
use proofs::View;
use ratatui_core::terminal::Terminal;
use std::io::stdin;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};
use terminal::interrupt::{ENDING, next_signal};
use terminal::show;
use terminal::tty::{self, FullScreen, SingleKeys};

/// How the view ends.
pub(super) enum End {
    /// The user has quit, or the terminal is gone.
    Quit,
    /// This signal ends the process.
    Signal(Signal),
}

/// The state of `view`.
pub(super) struct MainLoop<'a> {
    view: View,
    title: Title,
    settings: String,
    keys: &'a SingleKeys,
    full: &'a FullScreen,
    signals: &'a UnixStream,
    terminal: Terminal<Stdout>,
    /// The index of the chosen client.
    chosen: Option<usize>,
    /// The line that is being typed.
    input: Option<String>,
    note: String,
    shows_help: bool,
}

/// The shortest time between two drawings: a server that logs without end is drawn as often.
const BETWEEN_DRAWINGS: Duration = Duration::from_millis(10);
/// The shortest time between two looks that find nothing new.
const BETWEEN_LOOKS: Duration = Duration::from_millis(4);

impl<'a> MainLoop<'a> {
    pub(super) fn new(
        view: View,
        title: Title,
        settings: String,
        keys: &'a SingleKeys,
        full: &'a FullScreen,
        signals: &'a UnixStream,
    ) -> Result<Self> {
        let terminal = Terminal::new(Stdout::default()).context("cannot write to the terminal")?;
        let (chosen, input, note) = (None, None, String::new());
        Ok(Self {
            view,
            title,
            settings,
            keys,
            full,
            signals,
            terminal,
            chosen,
            input,
            note,
            shows_help: false,
        })
    }

    /// Ends the loop, and returns the server.
    pub(super) fn into_view(self) -> View {
        self.view
    }

    /// Shows the server until a key or a signal ends it.
    ///
    /// # Errors
    /// The terminal cannot be read or written.
    pub(super) fn run(&mut self) -> Result<End> {
        self.view.look();
        self.draw()?;
        let mut drawn = Instant::now();
        loop {
            let ready = self.wait()?;
            let mut has_changed = false;
            if ready.signal {
                if let Some(end) = self.signal()? {
                    return Ok(end);
                }
                has_changed = true;
            }
            if ready.keys {
                // Without a terminal, there are no more keys.
                let Some(pressed) = keys::pressed().unwrap_or(None) else { return Ok(End::Quit) };
                for key in pressed {
                    if self.on_key(key) {
                        return Ok(End::Quit);
                    }
                }
                has_changed = true;
            }
            has_changed |= self.view.look();
            if self.chosen.is_none() && self.view.plays_server() {
                self.choose_by(1);
                has_changed |= self.chosen.is_some();
            }
            if has_changed {
                self.draw()?;
                let pause = BETWEEN_DRAWINGS.saturating_sub(drawn.elapsed());
                if !ready.keys {
                    std::thread::sleep(pause);
                }
                drawn = Instant::now();
            } else if ready.view {
                // A server that calls accept again and again is answered less often.
                std::thread::sleep(BETWEEN_LOOKS);
            }
        }
    }

    /// Sleeps until something has happened, or until it is time to look again.
    fn wait(&self) -> Result<Ready> {
        let stdin = stdin();
        let own = [self.signals.as_fd(), stdin.as_fd()];
        let of_view = self.view.descriptors();
        // SAFETY: the view owns these descriptors, and does not change before poll returns.
        let of_view = of_view.iter().map(|fd| unsafe { BorrowedFd::borrow_raw(*fd) });
        let entries = own.into_iter().chain(of_view).map(|fd| PollFd::new(fd, PollFlags::POLLIN));
        let mut entries: Vec<_> = entries.collect();
        let pause = PollTimeout::try_from(self.view.pause()).unwrap_or(PollTimeout::ZERO);
        match poll(&mut entries, pause) {
            Err(Errno::EINTR) => return Ok(Ready::default()),
            count => count.context("cannot wait for keys")?,
        };
        let is_ready = |index: usize| entries[index].any().unwrap_or(true);
        let view = (own.len()..entries.len()).any(is_ready);
        Ok(Ready { signal: is_ready(0), keys: is_ready(1), view })
    }

    fn signal(&mut self) -> Result<Option<End>> {
        match next_signal(self.signals)? {
            Some(signal) if ENDING.contains(&signal) => return Ok(Some(End::Signal(signal))),
            Some(Signal::SIGTSTP) => {
                tty::restore();
                raise(Signal::SIGSTOP)?;
                self.resume()?;
            }
            Some(Signal::SIGCONT) => self.resume()?,
            // The window has another size.
            _ => {}
        }
        Ok(None)
    }

    fn resume(&mut self) -> Result<()> {
        self.keys.resume()?;
        self.full.resume()?;
        Ok(self.terminal.clear()?)
    }

    fn draw(&mut self) -> Result<()> {
        let picture = Picture {
            title: &self.title,
            settings: &self.settings,
            snapshot: self.view.snapshot(),
            log: self.view.log().collect(),
            chosen: self.chosen,
            input: self.input.as_deref(),
            note: &self.note,
            shows_help: self.shows_help,
            plays_server: self.view.plays_server(),
            in_colour: show::in_colour(),
        };
        let drawn = self.terminal.draw(|frame| picture.draw(frame.buffer_mut()));
        drawn.map(drop).context("cannot write to the terminal")
    }
}

/// What has happened.
#[derive(Default)]
struct Ready {
    signal: bool,
    keys: bool,
    /// The server, or one of its clients.
    view: bool,
}
