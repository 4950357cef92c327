//! Starts the process of a round, reads its messages, and ends the process.

use super::ending::end;
use super::messages::Message;
use anyhow::{Context, Result};
use nix::sys::signal::killpg;
use std::env;
use std::io::{self, PipeReader, Read, pipe};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use terminal::show;

/// The program of this process, also after another build has replaced its file (proc(5)).
pub(super) const OWN_PROGRAM: &str = "/proc/self/exe";

/// A running round. Dropping it ends the compiler and every server that the round has started.
pub(super) struct Round {
    child: Child,
    output: PipeReader,
    unfinished: Vec<u8>,
    /// Lines that are no messages, such as the message of a panic.
    text: String,
}

/// What a round has written.
pub(super) enum Output {
    /// Messages. Possibly none.
    Messages(Vec<Message>),
    /// The process has ended. `text` is what it wrote besides its messages.
    End { text: String },
}

impl Round {
    /// Starts a round with the arguments of this process. The criteria `first` are checked first.
    ///
    /// # Errors
    /// The process cannot be started.
    pub(super) fn start(first: &[String]) -> Result<Self> {
        let (output, write_end) = pipe().context("cannot make a pipe")?;
        let mut command = Command::new(OWN_PROGRAM);
        command.args(env::args_os().skip(1)).arg(format!("--round={}", first.join(",")));
        command.stdin(Stdio::null()).stdout(write_end.try_clone()?).stderr(write_end);
        // The messages of the compiler go through a pipe, and are shown on this terminal.
        if show::errors_in_colour() {
            command.env("CLICOLOR_FORCE", "1");
        }
        // The compiler is in the same process group, so that one signal ends all. Ctrl-C is for `watch`.
        let child = command.process_group(0).spawn().context("cannot start a round")?;
        Ok(Self { child, output, unfinished: Vec::new(), text: String::new() })
    }

    /// Reads what the process has written. Waits if there is nothing.
    ///
    /// # Errors
    /// The error of read(2).
    pub(super) fn read(&mut self) -> io::Result<Output> {
        let mut bytes = [0; 1 << 16];
        let length = self.output.read(&mut bytes)?;
        if length == 0 {
            let rest = String::from_utf8_lossy(&self.unfinished).into_owned();
            return Ok(Output::End { text: std::mem::take(&mut self.text) + &rest });
        }
        self.unfinished.extend(&bytes[..length]);
        let mut messages = Vec::new();
        while let Some(end) = self.unfinished.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.unfinished.drain(..=end).collect();
            match serde_json::from_slice(&line) {
                Ok(message) => messages.push(message),
                Err(_) => self.text += &String::from_utf8_lossy(&line),
            }
        }
        Ok(Output::Messages(messages))
    }
}

impl AsFd for Round {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.output.as_fd()
    }
}

impl Drop for Round {
    fn drop(&mut self) {
        end(&mut self.child, killpg);
    }
}
