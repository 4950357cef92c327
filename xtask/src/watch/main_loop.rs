//! The loop of `watch`: waits for keys, signals, saves and results, and does what they ask for.

mod on_key;
mod rounds;

use super::frame::{self, Frame};
use super::in_front::Front;
use super::keys;
use super::own_code::OwnCode;
use super::results::{Ended, Results};
use super::round::Round;
use super::sources::Sources;
use crate::isolation;
use crate::program_args::ProgramArgs;
use crate::remembered::Remembered;
use anyhow::{Context, Result};
use course::catalogue::Course;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, raise};
use programs::lesson_check::LessonCheck;
use std::os::fd::AsFd;
use std::time::Instant;
use terminal::interrupt::{ENDING, next_signal};
use terminal::show::{Line, Screen};
use terminal::tty::{self, can_move_cursor};

/// How watching ends.
pub(super) enum End {
    /// The user has quit, or the terminal is gone.
    Quit,
    /// This signal ends the process.
    Signal(Signal),
}

/// The state of `watch`.
pub(super) struct MainLoop<'a> {
    course: &'a Course,
    check: &'a LessonCheck<'a>,
    program: &'a ProgramArgs,
    front: Front<'a>,
    sources: Sources,
    /// The student's code in the last round that has begun.
    code: OwnCode,
    /// The criterion that failed last.
    failed: Option<String>,
    /// The running round, and when it began.
    round: Option<(Round, Instant)>,
    /// What the running round has found so far.
    results: Results,
    /// How the last round has ended. `None` while a round is running.
    ended: Option<Ended>,
    /// Whether the lesson is proved for the first time.
    is_first: bool,
    /// What a key has asked for, in place of the round.
    other: Option<Vec<Line>>,
}

/// The time after which a slow build shows its seconds, and after which the files are looked at even
/// if the kernel has reported no change.
const PAUSE: u16 = 1000; // milliseconds

impl<'a> MainLoop<'a> {
    /// Prepares the first round.
    ///
    /// # Errors
    /// The command of `--cmd` is not quoted as for a shell.
    pub(super) fn new(
        course: &'a Course,
        check: &'a LessonCheck<'a>,
        program: &'a ProgramArgs,
        front: Front<'a>,
    ) -> Result<Self> {
        let remembered = Remembered::read(check.lesson);
        remembered.note_problems();
        let last = remembered.last.as_ref();
        let failed = last.and_then(|last| last.first_failed().or_else(|| last.failed().next()));
        Ok(Self {
            course,
            check,
            program,
            front,
            sources: Sources::of(check.lesson, program)?,
            code: OwnCode::read(check.lesson),
            failed: failed.map(|failed| failed.id.clone()),
            round: None,
            results: Results::default(),
            ended: None,
            is_first: false,
            other: None,
        })
    }

    /// Proves now and at every save, until a key or a signal ends it.
    ///
    /// # Errors
    /// The terminal cannot be read or written, or a round cannot be started.
    pub(super) fn run(mut self) -> Result<End> {
        if can_move_cursor() {
            // What was on the screen scrolls up, and is not overwritten.
            print!("{}", "\n".repeat(tty::rows()));
        }
        self.begin(Vec::new())?;
        loop {
            let ready = self.wait()?;
            if ready.signal || ready.keys {
                let end = if ready.signal { self.signal()? } else { self.keys()? };
                match end {
                    Some(end) => return Ok(end),
                    // A key may have begun another round, so poll(2) says again what is ready.
                    None => continue,
                }
            }
            if ready.sources {
                self.sources.wait_for_calm();
            }
            if (ready.sources || ready.is_late) && self.sources.has_changed() {
                self.saved()?;
            } else if ready.round {
                self.read_round()?;
            } else if ready.is_late
                && self.round.is_some()
                && self.other.is_none()
                && can_move_cursor()
            {
                self.draw()?;
            }
        }
    }

    /// Sleeps until something has happened, at most for [`PAUSE`].
    fn wait(&self) -> Result<Ready> {
        let stdin = std::io::stdin();
        let sources = self.sources.descriptor();
        let round = self.round.as_ref().map(|(round, _)| round.as_fd());
        let readable = PollFlags::POLLIN;
        let mut entries = vec![
            PollFd::new(self.front.signals.as_fd(), readable),
            PollFd::new(stdin.as_fd(), readable),
        ];
        entries.extend([sources, round].into_iter().flatten().map(|it| PollFd::new(it, readable)));
        match poll(&mut entries, PollTimeout::from(PAUSE)) {
            Err(Errno::EINTR) => return Ok(Ready::default()),
            count => count.context("cannot wait for keys")?,
        };
        let mut is_ready = entries.iter().map(|entry| entry.any().unwrap_or(true));
        let mut next = |is_watched: bool| is_watched && is_ready.next().unwrap_or(false);
        let mut ready = Ready {
            signal: next(true),
            keys: next(true),
            sources: next(sources.is_some()),
            round: next(round.is_some()),
            is_late: false,
        };
        ready.is_late = !(ready.signal || ready.keys || ready.sources || ready.round);
        Ok(ready)
    }

    fn keys(&mut self) -> Result<Option<End>> {
        // Without a terminal, there are no more keys.
        let Some(pressed) = keys::pressed().unwrap_or(None) else { return Ok(Some(End::Quit)) };
        for key in pressed {
            if let Some(end) = self.on_key(key)? {
                return Ok(Some(end));
            }
        }
        Ok(None)
    }

    fn signal(&mut self) -> Result<Option<End>> {
        match next_signal(self.front.signals)? {
            Some(signal) if ENDING.contains(&signal) => return Ok(Some(End::Signal(signal))),
            Some(Signal::SIGTSTP) => self.front.keys.paused(|| raise(Signal::SIGSTOP))??,
            Some(Signal::SIGCONT) => self.front.keys.resume()?,
            // The window has another size.
            _ => {}
        }
        self.draw()?;
        Ok(None)
    }

    /// Shows the state of the round, or what a key has asked for.
    fn draw(&self) -> Result<()> {
        let frame = self.frame();
        let lines = match (&self.other, &self.ended) {
            (Some(lines), _) => frame.other(lines.clone()),
            (None, None) => {
                let elapsed = self.round.as_ref().map(|(_, start)| start.elapsed());
                frame.running(&self.results, elapsed.unwrap_or_default())
            }
            (None, Some(Ended::Checked(report))) => frame.verdict(report, self.is_first),
            (None, Some(Ended::DoesNotCompile { report, errors })) => frame.errors(report, errors),
            (None, Some(Ended::Failed(why))) => frame.no_verdict(why),
        };
        frame::draw(&lines, can_move_cursor()).context("cannot write to the terminal")
    }

    /// A frame for the terminal's present size.
    fn frame(&self) -> Frame<'a> {
        let isolation = isolation::note(self.program.isolation());
        let notes = [self.program.note(), Some(isolation)];
        Frame {
            course: self.course,
            check: self.check,
            note: notes.into_iter().flatten().collect::<Vec<_>>().join(" · "),
            width: Screen::stdout().width(),
            rows: tty::rows(),
        }
    }
}

/// What has happened.
#[derive(Default)]
struct Ready {
    signal: bool,
    keys: bool,
    sources: bool,
    round: bool,
    /// Nothing has happened for the time [`PAUSE`].
    is_late: bool,
}
