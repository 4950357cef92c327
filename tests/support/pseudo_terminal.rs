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
use std::time::{Duration, Instant};

/// The sequence with which a frame begins: home, and clear to the end of the screen.
const FRAME: &str = "\x1b[H\x1b[J";

/// The time in which a busy machine draws what a test waits for.
const TIME_TO_DRAW: Duration = Duration::from_secs(60);

/// The number of columns and rows of a usual terminal.
const USUAL: (u16, u16) = (80, 24);

/// A terminal, and the command that runs in it.
pub(crate) struct PseudoTerminal {
    size: (u16, u16),
    child: Child,
    master: File,
    slave: OwnedFd,
    before: Termios,
    shown: Arc<Mutex<Vec<u8>>>,
}

impl PseudoTerminal {
    /// Starts the command, without colour, as the leader of a session that has a terminal of 80 columns
    /// and 24 rows.
    pub(crate) fn start(command: &Command) -> Self {
        Self::start_with_size(command, USUAL)
    }

    /// Does the same with this number of columns and rows.
    pub(crate) fn start_with_size(command: &Command, size: (u16, u16)) -> Self {
        let window = Winsize { ws_row: size.1, ws_col: size.0, ws_xpixel: 0, ws_ypixel: 0 };
        let OpenptyResult { master, slave } = openpty(&window, None).unwrap();
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
        Self { size, child, master, slave, before, shown }
    }

    /// All that was shown so far.
    pub(crate) fn shown(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().unwrap()).into_owned()
    }

    /// The terminal after all that was shown so far, for a command that draws only what has changed.
    pub(crate) fn drawn(&self) -> vt100::Parser {
        let mut terminal = vt100::Parser::new(self.size.1, self.size.0, 0);
        terminal.process(&self.shown.lock().unwrap());
        terminal
    }

    /// Waits until the terminal has `words` somewhere. Returns its rows.
    #[track_caller]
    pub(crate) fn wait_for_drawn(&self, words: &str) -> String {
        let end = Instant::now() + TIME_TO_DRAW;
        loop {
            let contents = self.drawn().screen().contents();
            if contents.contains(words) {
                return contents;
            }
            assert!(Instant::now() < end, "{words:?} is missing on this screen:\n{contents}");
            // Each look parses everything again.
            thread::sleep(Duration::from_millis(5));
        }
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
fn read_all(mut master: File, shown: Arc<Mutex<Vec<u8>>>) {
    thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(length @ 1..) = master.read(&mut bytes) {
            shown.lock().unwrap().extend_from_slice(&bytes[..length]);
        }
    });
}
