//! A command in a pseudo terminal of its own (pty(7)), as a user has it.

use super::processes::wait_for;
use nix::pty::{OpenptyResult, Winsize, openpty};
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{Termios, tcgetattr};
use nix::unistd::Pid;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Mutex};
use std::thread;

/// The sequence with which a frame begins: home, and clear to the end of the screen.
const FRAME: &str = "\x1b[H\x1b[J";

/// A terminal of 80 columns and 24 rows, and the command that runs in it.
pub(crate) struct PseudoTerminal {
    child: Child,
    master: File,
    slave: OwnedFd,
    before: Termios,
    shown: Arc<Mutex<String>>,
}

impl PseudoTerminal {
    /// Starts the command, without colour, as the leader of a session that has this terminal.
    pub(crate) fn start(command: &Command) -> Self {
        let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        let OpenptyResult { master, slave } = openpty(&size, None).unwrap();
        let before = tcgetattr(&slave).unwrap();
        // setsid(1) replaces itself by the command, which therefore has the id of the child.
        let mut session = Command::new("setsid");
        session.arg("--ctty").arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => session.env(name, value),
                None => session.env_remove(name),
            };
        }
        if let Some(folder) = command.get_current_dir() {
            session.current_dir(folder);
        }
        session.env("TERM", "xterm").env("NO_COLOR", "1").env("PAGER", "cat");
        let side = || slave.try_clone().unwrap();
        session.stdin(side()).stdout(side()).stderr(side());
        let child = session.spawn().expect("setsid is in PATH");
        let master = File::from(master);
        let shown = Arc::default();
        read_all(master.try_clone().unwrap(), Arc::clone(&shown));
        Self { child, master, slave, before, shown }
    }

    /// All that was shown so far.
    pub(crate) fn shown(&self) -> String {
        self.shown.lock().unwrap().clone()
    }

    /// What is on the screen: the last frame.
    pub(crate) fn screen(&self) -> String {
        self.shown().rsplit(FRAME).next().unwrap_or_default().to_owned()
    }

    /// Waits until `words` are on the screen. Returns the screen.
    #[track_caller]
    pub(crate) fn wait_for(&self, words: &str) -> String {
        wait_for(&format!("{words:?} is on the screen"), || self.screen().contains(words));
        self.screen()
    }

    /// Waits until a whole frame, which ends with the line of keys, has `words`. Returns the frame.
    #[track_caller]
    pub(crate) fn wait_for_frame(&self, words: &str) -> String {
        let is_whole = |screen: &str| screen.contains(words) && screen.ends_with("q quit");
        wait_for(&format!("{words:?} is in a frame"), || is_whole(&self.screen()));
        self.screen()
    }

    /// Presses keys.
    pub(crate) fn press(&mut self, keys: &str) {
        self.master.write_all(keys.as_bytes()).unwrap();
    }

    /// Whether the terminal has the settings that it had before the command.
    pub(crate) fn is_whole(&self) -> bool {
        tcgetattr(&self.slave).unwrap() == self.before
    }

    /// Sends a signal to the command.
    pub(crate) fn send(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id() as i32), signal).unwrap();
    }

    /// Waits until the command has ended.
    pub(crate) fn wait_for_end(&mut self) -> ExitStatus {
        wait_for("the command ends", || self.child.try_wait().unwrap().is_some());
        self.child.wait().unwrap()
    }
}

impl Drop for PseudoTerminal {
    fn drop(&mut self) {
        // After a test that has failed, the command is still running. Otherwise this changes nothing.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Collects what a terminal shows, until nobody has the terminal open.
fn read_all(mut master: File, shown: Arc<Mutex<String>>) {
    thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(length @ 1..) = master.read(&mut bytes) {
            *shown.lock().unwrap() += &String::from_utf8_lossy(&bytes[..length]);
        }
    });
}
