//! A program's standard input, which the observer writes.

use crate::log::new_terminal;
use crate::ready::{self, unread_bytes};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
use nix::poll::PollFlags;
use nix::sys::termios::{self, LocalFlags, OutputFlags, SetArg};
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::time::Instant;

/// What a program's standard input is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Input {
    /// Nothing: every read returns end of file at once.
    #[default]
    Empty,
    /// A pipe, as in `printf hello | ./program`.
    Pipe,
    /// A terminal, as when a person types. A read returns a line when its newline has been typed.
    Terminal,
}

/// The observer's side of a program's standard input.
#[derive(Debug)]
pub(crate) enum InputStream {
    /// The program's standard input is empty.
    Empty,
    /// The pipe has no writer any more. The observer's copy of the program's end shows when this is
    /// so: a sandbox that is being started may have a copy of the writer for a moment (fork(2)).
    Ended {
        reader: OwnedFd,
    },
    Pipe {
        writer: OwnedFd,
        reader: OwnedFd,
        queue: Queue,
    },
    Terminal {
        master: OwnedFd,
        /// The observer's own descriptor of the program's side, which shows the terminal's settings.
        slave: OwnedFd,
        queue: Queue,
        /// The number of bytes that the terminal has echoed.
        echoed: u64,
    },
}

/// Bytes on their way to the program.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    left: VecDeque<u8>,
    written: u64,
    /// Whether the input ends after these bytes.
    ends: bool,
}

impl InputStream {
    /// Opens a standard input. Returns the observer's side, and the program's descriptor.
    pub(crate) fn open(input: Input) -> io::Result<(Self, OwnedFd)> {
        match input {
            Input::Empty => Ok((InputStream::Empty, File::open("/dev/null")?.into())),
            Input::Pipe => {
                let (reader, writer) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
                fcntl(&writer, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
                let program = reader.try_clone()?;
                Ok((InputStream::Pipe { writer, reader, queue: Queue::default() }, program))
            }
            Input::Terminal => open_terminal(),
        }
    }

    /// Adds bytes for the program. They are written as fast as the program reads.
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        if let Some(queue) = self.queue() {
            queue.left.extend(bytes);
        }
    }

    /// Ends the input after the bytes that were added. In a terminal, this is Ctrl-D.
    pub(crate) fn end(&mut self) {
        if let Some(queue) = self.queue() {
            queue.ends = true;
        }
    }

    /// Writes as many bytes as the kernel accepts now. Returns whether anything was written or ended.
    pub(crate) fn pump(&mut self) -> bool {
        let wrote = match self {
            InputStream::Empty | InputStream::Ended { .. } => return false,
            InputStream::Pipe { writer, queue, .. } => queue.write_to(writer),
            InputStream::Terminal { master, queue, echoed, .. } => {
                let wrote = queue.write_to(master);
                *echoed += drain(master);
                wrote
            }
        };
        let has_ended = self.queue().is_some_and(|queue| queue.ends && queue.left.is_empty());
        if has_ended {
            if let InputStream::Terminal { master, .. } = self {
                let _ = nix::unistd::write(master, &[CTRL_D]);
                // The terminal stays open: when its master is closed, a read fails (pty(7)).
                self.queue().into_iter().for_each(|queue| queue.ends = false);
            } else if let InputStream::Pipe { reader, .. } =
                std::mem::replace(self, InputStream::Empty)
            {
                *self = InputStream::Ended { reader };
            }
        }
        wrote || has_ended
    }

    /// Whether everything that was added is where the program can read it, or waits for the program
    /// to read what is before it.
    pub(crate) fn is_delivered(&self) -> bool {
        match self {
            InputStream::Empty => true,
            InputStream::Ended { reader } => has_no_writer(reader),
            InputStream::Pipe { writer, queue, .. } => {
                queue.left.is_empty() && !queue.ends || !is_writable(writer)
            }
            // A kernel thread moves the bytes to the program's side, and the echo comes back when it
            // has done so. A program that has turned the echo off prints what is typed by itself.
            InputStream::Terminal { slave, queue, echoed, .. } => {
                queue.left.is_empty() && (*echoed >= queue.written || !has_echo(slave))
            }
        }
    }

    /// The number of bytes that the program can read and has not read.
    pub(crate) fn unread(&self) -> u64 {
        match self {
            InputStream::Empty => 0,
            InputStream::Ended { reader } | InputStream::Pipe { reader, .. } => {
                unread_bytes(reader)
            }
            InputStream::Terminal { slave, .. } => unread_bytes(slave),
        }
    }

    /// The descriptor to poll until more bytes can be written, if there are any.
    pub(crate) fn descriptor_to_poll(&self) -> Option<(RawFd, i16)> {
        match self {
            InputStream::Pipe { writer, queue, .. } if !queue.left.is_empty() => {
                Some((writer.as_raw_fd(), libc::POLLOUT))
            }
            InputStream::Terminal { master, queue, echoed, .. } if *echoed < queue.written => {
                Some((master.as_raw_fd(), libc::POLLIN))
            }
            _ => None,
        }
    }

    fn queue(&mut self) -> Option<&mut Queue> {
        match self {
            InputStream::Empty | InputStream::Ended { .. } => None,
            InputStream::Pipe { queue, .. } | InputStream::Terminal { queue, .. } => Some(queue),
        }
    }
}

impl Queue {
    /// Writes as many bytes as the kernel accepts now.
    fn write_to(&mut self, writer: &OwnedFd) -> bool {
        let before = self.written;
        while !self.left.is_empty() {
            match nix::unistd::write(writer, self.left.make_contiguous()) {
                Ok(count) => {
                    self.left.drain(..count);
                    self.written += count as u64;
                }
                Err(Errno::EINTR) => {}
                Err(_) => break,
            }
        }
        self.written > before
    }
}

/// The character that ends the input of a terminal (termios(3), VEOF).
const CTRL_D: u8 = 4;

/// A terminal that echoes each byte as it is, so that the echoed bytes can be counted.
fn open_terminal() -> io::Result<(InputStream, OwnedFd)> {
    let pair = new_terminal(None)?;
    let mut settings = termios::tcgetattr(&pair.slave)?;
    settings.output_flags.remove(OutputFlags::OPOST);
    termios::tcsetattr(&pair.slave, SetArg::TCSANOW, &settings)?;
    fcntl(&pair.master, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    let slave = pair.slave.try_clone()?;
    for end in [&pair.master, &pair.slave] {
        fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    }
    let (queue, echoed) = (Queue::default(), 0);
    Ok((InputStream::Terminal { master: pair.master, slave, queue, echoed }, pair.slave))
}

/// Reads and discards what a terminal has echoed. Returns the number of bytes.
fn drain(master: &OwnedFd) -> u64 {
    let (mut total, mut buffer) = (0, [0; 4096]);
    while let Ok(count @ 1..) = nix::unistd::read(master, &mut buffer) {
        total += count as u64;
    }
    total
}

fn has_echo(slave: &OwnedFd) -> bool {
    termios::tcgetattr(slave).is_ok_and(|it| it.local_flags.contains(LocalFlags::ECHO))
}

/// Whether a read of the pipe returns end of file, after the bytes in it (poll(2), POLLHUP).
fn has_no_writer(reader: &OwnedFd) -> bool {
    ready::wait_ready(Instant::now(), reader.as_fd(), PollFlags::POLLHUP)
}

fn is_writable(writer: &OwnedFd) -> bool {
    ready::wait_ready(Instant::now(), writer.as_fd(), PollFlags::POLLOUT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn a_pipe_passes_the_bytes_and_ends() {
        let (mut input, program) = InputStream::open(Input::Pipe).unwrap();
        input.add(b"hello\n");
        input.end();
        assert!(!input.is_delivered());
        let writer = match &input {
            InputStream::Pipe { writer, .. } => writer.try_clone().unwrap(),
            _ => panic!("the input is not a pipe"),
        };
        assert!(input.pump() && !input.is_delivered(), "another process has the writer");
        drop(writer);
        assert!(input.is_delivered());
        let mut text = String::new();
        File::from(program).read_to_string(&mut text).unwrap();
        assert_eq!(text, "hello\n");
    }

    #[test]
    fn what_does_not_fit_into_a_pipe_waits() {
        let (mut input, program) = InputStream::open(Input::Pipe).unwrap();
        input.add(&[b'a'; 1 << 20]);
        assert!(input.pump() && input.is_delivered() && input.descriptor_to_poll().is_some());
        assert!(nix::unistd::read(&program, &mut [0; 1 << 16]).unwrap() > 0);
        assert!(!input.is_delivered());
        assert!(input.pump());
    }

    #[test]
    fn a_terminal_passes_a_line_at_its_newline() {
        let (mut input, program) = InputStream::open(Input::Terminal).unwrap();
        input.add(b"hello\n");
        while !input.is_delivered() {
            input.pump();
        }
        let mut line = [0; 100];
        assert_eq!(nix::unistd::read(&program, &mut line).unwrap(), 6);
        input.end();
        input.pump();
        assert_eq!(nix::unistd::read(&program, &mut line).unwrap(), 0);
    }
}
