//! Reads a server's standard output line by line.
//!
//! Standard output is a pseudo-terminal, because the stdio of C and Python flushes after each line
//! only if standard output is a terminal. A kernel thread moves the bytes from the program's side
//! of the terminal to the observer's side. Therefore bytes may have been written even if the
//! observer finds nothing to read. [`Log::catch_up`] writes a marker into the same terminal and
//! reads until the marker arrives. The marker arrives after all bytes that were written before it.

mod lines;

use crate::ready;
use lines::Lines;
use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
use nix::poll::PollFlags;
use nix::pty::{OpenptyResult, Winsize, openpty};
use nix::sys::termios::{self, SetArg};
use std::fs::File;
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
    /// The tag, if the line begins with a tag: `ACCEPT` for `[ACCEPT] fd=4 slot=0`.
    pub fn tag(&self) -> Option<&str> {
        self.text.strip_prefix('[')?.split_once(']').map(|(tag, _)| tag)
    }

    /// The value of a key: `4` for the key `fd` in `[ACCEPT] fd=4 slot=0`.
    pub fn value(&self, key: &str) -> Option<&str> {
        let pairs = self.text.split_whitespace().filter_map(|word| word.split_once('='));
        pairs.into_iter().find(|(name, _)| *name == key).map(|(_, value)| value)
    }
}

/// The most bytes that one read returns: the kernel keeps no more for the reader of a terminal
/// (N_TTY_BUF_SIZE in drivers/tty/n_tty.c).
const READ: usize = 4096;

/// The observer's side of the terminal.
#[derive(Debug)]
pub(crate) struct Log {
    master: OwnedFd,
    /// The observer's own descriptor of the program's side, which is used to write markers. While
    /// this descriptor is open, the observer can read the terminal after the program has ended.
    slave: OwnedFd,
    lines: Lines,
    written: u64,
}

impl Log {
    /// Opens a terminal that passes all bytes unchanged. Returns the observer's side, and the
    /// descriptor of the program's side.
    pub(crate) fn open() -> io::Result<(Self, OwnedFd)> {
        let (master, program) = open_terminal()?;
        let slave = second_slave(&master)?;
        Ok((Self { master, slave, lines: Lines::default(), written: 0 }, program))
    }

    /// Sets the maximum number of bytes of one line that are kept.
    pub(crate) fn keep(&mut self, max_line: usize) {
        self.lines.keep(max_line);
    }

    pub(crate) fn lines(&self) -> &[Line] {
        self.lines.finished()
    }

    /// Takes the lines out of the log, so that there is room for others.
    pub(crate) fn take(&mut self) -> Vec<Line> {
        self.lines.take()
    }

    /// The number of bytes that the program has written and the observer has read.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    /// The number of bytes in the kept lines.
    pub(crate) fn kept(&self) -> usize {
        self.lines.kept()
    }

    /// Reads at most 4 KiB of the bytes that have arrived. Returns whether any bytes had arrived.
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

    /// Reads all bytes that were written before this call. Returns whether the marker arrived
    /// within the given time.
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

    /// Writes a marker, and returns whether the marker was written before the deadline. A write may
    /// not succeed, because the program may have stopped the terminal's output, or may write as
    /// fast as the observer reads.
    fn write(&mut self, mut bytes: &[u8], deadline: Instant) -> bool {
        while !bytes.is_empty() {
            match nix::unistd::write(&self.slave, bytes) {
                Ok(length) => bytes = &bytes[length..],
                Err(_) if Instant::now() >= deadline => return false,
                // The terminal's buffer is full. Reading makes room in the buffer.
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

/// Opens a pseudo-terminal. Its error says that no terminal could be opened, and why.
pub(crate) fn new_terminal(size: Option<&Winsize>) -> io::Result<OpenptyResult> {
    openpty(size, None).map_err(|errno| {
        let text = format!("no pseudo-terminal can be opened (/dev/ptmx, pts(4)): {errno}");
        io::Error::other(text)
    })
}

/// Opens a terminal that passes all bytes unchanged: the observer's side, which does not block, and
/// the program's side.
pub(crate) fn open_terminal() -> io::Result<(OwnedFd, OwnedFd)> {
    let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
    let pair = new_terminal(Some(&size))?;
    let mut settings = termios::tcgetattr(&pair.slave)?;
    termios::cfmakeraw(&mut settings);
    termios::tcsetattr(&pair.slave, SetArg::TCSANOW, &settings)?;
    fcntl(&pair.master, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    for end in [&pair.master, &pair.slave] {
        fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    }
    Ok((pair.master, pair.slave))
}

/// Opens the pipe again as a login opens a terminal: in blocking mode, for reading and writing
/// (fifo(7)). The first perror(3) of a C program opens its standard error a second time, for both.
/// If the descriptor were open for writing only, this would fail, and errno would be EINVAL after
/// perror, which it is not in a terminal.
pub(crate) fn open_as_terminal(write_end: &OwnedFd) -> io::Result<OwnedFd> {
    let path = format!("/proc/self/fd/{}", write_end.as_raw_fd());
    Ok(File::options().read(true).write(true).open(path)?.into())
}

/// Opens the program's side of the terminal again (ioctl_tty(2), TIOCGPTPEER). The new descriptor
/// has its own flags. It is non-blocking, and the program's descriptor remains blocking.
fn second_slave(master: &OwnedFd) -> io::Result<OwnedFd> {
    let flags = libc::O_RDWR | libc::O_NOCTTY | libc::O_NONBLOCK | libc::O_CLOEXEC;
    // SAFETY: the request takes flags by value and returns a new descriptor, which nothing else
    // owns.
    unsafe {
        match libc::ioctl(master.as_raw_fd(), libc::TIOCGPTPEER, flags) {
            -1 => Err(io::Error::last_os_error()),
            fd => Ok(OwnedFd::from_raw_fd(fd)),
        }
    }
}

#[cfg(test)]
mod tests;
