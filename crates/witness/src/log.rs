//! What a server writes to its standard output, line by line.
//!
//! A pseudo-terminal, because C's and Python's stdio flush each line only to a terminal. Bytes pass
//! from one side to the other by way of a kernel worker, so "nothing more to read" proves nothing:
//! [`Log::catch_up`] writes a mark of its own into the same stream and reads up to it.

mod lines;

use crate::ready;
use lines::Lines;
use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
use nix::poll::PollFlags;
use nix::pty::{Winsize, openpty};
use nix::sys::termios::{self, SetArg};
use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};
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

const READ: usize = 1 << 16;

/// The observer's side of the terminal.
#[derive(Debug)]
pub(crate) struct Log {
    master: OwnedFd,
    /// Ours to write marks; while it is open the terminal outlives the program.
    slave: OwnedFd,
    lines: Lines,
    written: u64,
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
        for end in [&pair.master, &pair.slave] {
            fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
        }
        let slave = second_slave(&pair.master)?;
        Ok((Self { master: pair.master, slave, lines: Lines::default(), written: 0 }, pair.slave))
    }

    pub(crate) fn lines(&self) -> &[Line] {
        self.lines.finished()
    }

    /// How many bytes have come through.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    /// Bytes of the lines that are kept.
    pub(crate) fn kept(&self) -> usize {
        self.lines.kept()
    }

    /// Reads what has come through, a bounded piece of it. Whether there was anything.
    pub(crate) fn read(&mut self) -> bool {
        let mut buffer = [0; READ];
        match nix::unistd::read(&self.master, &mut buffer) {
            Ok(length) if length > 0 => {
                self.lines.take(&buffer[..length]);
                self.written += length as u64;
                true
            }
            _ => false,
        }
    }

    /// Reads all that was written before now. Whether the mark came through in time.
    pub(crate) fn catch_up(&mut self, within: Duration) -> bool {
        let deadline = Instant::now() + within;
        let mark = self.lines.next_mark();
        if !self.write(&mark, deadline) {
            return false;
        }
        while !self.lines.is_marked() {
            if !self.read() && !ready::by(deadline, self.master.as_fd(), PollFlags::POLLIN) {
                return false;
            }
            if Instant::now() >= deadline {
                return self.lines.is_marked();
            }
        }
        true
    }

    /// Writes what the program might have written. One that has stopped its terminal, or fills it
    /// as fast as it is read, is not waited for longer than the deadline.
    fn write(&mut self, mut bytes: &[u8], deadline: Instant) -> bool {
        while !bytes.is_empty() {
            match nix::unistd::write(&self.slave, bytes) {
                Ok(length) => bytes = &bytes[length..],
                Err(_) if Instant::now() >= deadline => return false,
                // There is no room: reading makes some.
                Err(_) if self.read() => {}
                Err(_) => {
                    let pause = Instant::now() + Duration::from_millis(1);
                    ready::by(pause.min(deadline), self.slave.as_fd(), PollFlags::POLLOUT);
                }
            }
        }
        true
    }
}

impl AsRawFd for Log {
    fn as_raw_fd(&self) -> RawFd {
        self.master.as_raw_fd()
    }
}

/// The slave, opened once more: our own descriptor can refuse to block, and the program's not know
/// (ioctl_tty(2), TIOCGPTPEER).
fn second_slave(master: &OwnedFd) -> io::Result<OwnedFd> {
    let flags = libc::O_RDWR | libc::O_NOCTTY | libc::O_NONBLOCK | libc::O_CLOEXEC;
    // SAFETY: the request takes flags by value and returns a new descriptor, which nobody else has.
    unsafe {
        match libc::ioctl(master.as_raw_fd(), libc::TIOCGPTPEER, flags) {
            -1 => Err(io::Error::last_os_error()),
            fd => Ok(OwnedFd::from_raw_fd(fd)),
        }
    }
}

#[cfg(test)]
mod tests;
