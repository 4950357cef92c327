//! What a server writes to its standard output, line by line.
//!
//! Standard output is a pseudo-terminal, because C's and Python's stdio flush each line only to a
//! terminal. A kernel worker moves the bytes from one side of it to the other, so finding nothing
//! to read does not mean that nothing was written. [`Log::catch_up`] therefore writes a marker into
//! the same stream and reads up to it.

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

/// One line of the log: a tag in brackets and `key=value` pairs, or any other text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The line without its newline. Bytes that are not UTF-8 are replaced.
    pub text: String,
}

impl Line {
    /// The tag of a line that begins with one: `ACCEPT` for `[ACCEPT] fd=4 slot=0`.
    pub fn tag(&self) -> Option<&str> {
        self.text.strip_prefix('[')?.split_once(']').map(|(tag, _)| tag)
    }

    /// The value of a key: `4` for the key `fd` of `[ACCEPT] fd=4 slot=0`.
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
    /// The observer's own handle of the program's side, to write markers. While it is open, the
    /// terminal can be read after the program's end.
    slave: OwnedFd,
    lines: Lines,
    written: u64,
}

impl Log {
    /// A terminal that passes all bytes unchanged, and the descriptor of its side that the program
    /// gets.
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

    /// How many bytes the program has written and the observer has read.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    /// How many bytes the kept lines have.
    pub(crate) fn kept(&self) -> usize {
        self.lines.kept()
    }

    /// Reads at most 64 KiB of what has arrived. Returns whether anything had arrived.
    pub(crate) fn read(&mut self) -> bool {
        let mut buffer = [0; READ];
        match nix::unistd::read(&self.master, &mut buffer) {
            Ok(length) if length > 0 => {
                self.lines.append(&buffer[..length]);
                self.written += length as u64;
                true
            }
            _ => false,
        }
    }

    /// Reads everything that was written before now. Returns whether the marker arrived in time.
    pub(crate) fn catch_up(&mut self, within: Duration) -> bool {
        let deadline = Instant::now() + within;
        let marker = self.lines.next_marker();
        if !self.write(&marker, deadline) {
            return false;
        }
        while !self.lines.has_all_markers() {
            if !self.read() && !ready::wait_ready(deadline, self.master.as_fd(), PollFlags::POLLIN)
            {
                return false;
            }
            if Instant::now() >= deadline {
                return self.lines.has_all_markers();
            }
        }
        true
    }

    /// Writes a marker, and returns whether it was written before the deadline. A program may have
    /// stopped its terminal, or may fill it as fast as it is read.
    fn write(&mut self, mut bytes: &[u8], deadline: Instant) -> bool {
        while !bytes.is_empty() {
            match nix::unistd::write(&self.slave, bytes) {
                Ok(length) => bytes = &bytes[length..],
                Err(_) if Instant::now() >= deadline => return false,
                // The terminal is full: reading makes room.
                Err(_) if self.read() => {}
                Err(_) => {
                    let pause = Instant::now() + Duration::from_millis(1);
                    ready::wait_ready(pause.min(deadline), self.slave.as_fd(), PollFlags::POLLOUT);
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

/// The program's side, opened once more. This handle can be non-blocking without making the
/// program's non-blocking (ioctl_tty(2), TIOCGPTPEER).
fn second_slave(master: &OwnedFd) -> io::Result<OwnedFd> {
    let flags = libc::O_RDWR | libc::O_NOCTTY | libc::O_NONBLOCK | libc::O_CLOEXEC;
    // SAFETY: the request takes flags by value and returns a new descriptor, which this process
    // alone has.
    unsafe {
        match libc::ioctl(master.as_raw_fd(), libc::TIOCGPTPEER, flags) {
            -1 => Err(io::Error::last_os_error()),
            fd => Ok(OwnedFd::from_raw_fd(fd)),
        }
    }
}

#[cfg(test)]
mod tests;
