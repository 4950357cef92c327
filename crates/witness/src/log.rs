//! What a server writes to its standard output, line by line.
//!
//! A pseudo-terminal, because C's and Python's stdio flush each line only to a terminal. Bytes pass
//! from one side to the other by way of a kernel worker, so "nothing more to read" proves nothing:
//! [`Log::catch_up`] writes a mark of its own into the same stream and reads up to it.

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{Winsize, openpty};
use nix::sys::termios::{self, SetArg};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::time::{Duration, Instant};

/// One line of the log: a tag in brackets and `key=value` pairs, or text of the author's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The line without its end; bytes that are not UTF-8 are replaced.
    pub text: String,
}

impl Line {
    /// `ACCEPT` of `[ACCEPT] fd=4 slot=0`, where the line begins with a tag.
    pub fn tag(&self) -> Option<&str> {
        self.text.strip_prefix('[')?.split_once(']').map(|(tag, _)| tag)
    }

    /// `4` for the key `fd` of `[ACCEPT] fd=4 slot=0`.
    pub fn value(&self, key: &str) -> Option<&str> {
        let pairs = self.text.split_whitespace().filter_map(|word| word.split_once('='));
        pairs.into_iter().find(|(name, _)| *name == key).map(|(_, value)| value)
    }
}

/// A server that logs more than this is not read to the end of it.
const LINES: usize = 20_000;
const LINE: usize = 4_096;
const READ: usize = 1 << 16;

/// The observer's side of the terminal.
#[derive(Debug)]
pub(crate) struct Log {
    master: OwnedFd,
    /// Kept open to write marks, and so that the terminal outlives the program.
    slave: OwnedFd,
    lines: Vec<Line>,
    unfinished: Vec<u8>,
    marks: u64,
}

impl Log {
    /// A terminal that changes no byte, and the side of it that is the program's.
    pub(crate) fn open() -> io::Result<(Self, OwnedFd)> {
        let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        let pair = openpty(&size, None)?;
        let mut settings = termios::tcgetattr(&pair.slave)?;
        termios::cfmakeraw(&mut settings);
        termios::tcsetattr(&pair.slave, SetArg::TCSANOW, &settings)?;
        fcntl(&pair.master, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        fcntl(&pair.master, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
        fcntl(&pair.slave, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
        let output = pair.slave.try_clone()?;
        let log = Self {
            master: pair.master,
            slave: pair.slave,
            lines: Vec::new(),
            unfinished: Vec::new(),
            marks: 0,
        };
        Ok((log, output))
    }

    pub(crate) fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Reads what has come through, a bounded piece of it. Whether there was anything.
    pub(crate) fn read(&mut self) -> bool {
        let mut buffer = [0; READ];
        match nix::unistd::read(&self.master, &mut buffer) {
            Ok(length) if length > 0 => {
                self.take(&buffer[..length]);
                true
            }
            _ => false,
        }
    }

    /// Reads all that was written before now. Whether the mark came through in time.
    pub(crate) fn catch_up(&mut self, within: Duration) -> bool {
        let deadline = Instant::now() + within;
        self.marks += 1;
        let mark = format!("\0\x1emark {}\x1e\0", self.marks);
        // A program that has stopped its terminal would block us here: give the write up instead.
        if !self.write_mark(mark.as_bytes(), deadline) {
            return false;
        }
        loop {
            if let Some(at) = find(&self.unfinished, mark.as_bytes()) {
                let rest = self.unfinished.split_off(at + mark.len());
                self.unfinished.truncate(at);
                self.take(&rest);
                return true;
            }
            if !self.read() && !readable(&self.master, deadline) {
                return false;
            }
        }
    }

    fn write_mark(&self, mark: &[u8], deadline: Instant) -> bool {
        let mut slot = [PollFd::new(self.slave.as_fd(), PollFlags::POLLOUT)];
        matches!(poll(&mut slot, left(deadline)), Ok(1))
            && matches!(nix::unistd::write(&self.slave, mark), Ok(length) if length == mark.len())
    }

    fn take(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            if self.unfinished.len() < LINE {
                self.unfinished.extend_from_slice(piece);
            }
            if piece.ends_with(b"\n") {
                let line = std::mem::take(&mut self.unfinished);
                if self.lines.len() < LINES {
                    let text = String::from_utf8_lossy(&line);
                    self.lines.push(Line { text: text.trim_end_matches(['\r', '\n']).to_owned() });
                }
            }
        }
    }
}

impl AsRawFd for Log {
    fn as_raw_fd(&self) -> RawFd {
        self.master.as_raw_fd()
    }
}

fn readable(fd: &OwnedFd, deadline: Instant) -> bool {
    let mut slot = [PollFd::new(fd.as_fd(), PollFlags::POLLIN)];
    loop {
        match poll(&mut slot, left(deadline)) {
            Err(Errno::EINTR) => continue,
            ready => return matches!(ready, Ok(1)),
        }
    }
}

fn left(deadline: Instant) -> PollTimeout {
    let left = deadline.saturating_duration_since(Instant::now());
    PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}
