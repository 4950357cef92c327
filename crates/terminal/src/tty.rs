//! Single keys from the terminal, without Enter and without echo.
//!
//! Only the line editing of the terminal is switched off (termios(3), noncanonical mode). Ctrl-C still
//! sends SIGINT, and a line break still begins a new line.

use nix::sys::termios::{
    FlushArg, LocalFlags, SetArg, SpecialCharacterIndices, Termios, tcflush, tcgetattr, tcsetattr,
};
use std::io::{self, IsTerminal};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The settings of the terminal before [`SingleKeys::enter`].
static SAVED: Mutex<Option<Termios>> = Mutex::new(None);

/// As long as this value lives, the terminal of standard input passes on each key at once. Dropping
/// the value restores the terminal's settings, also during a panic.
#[derive(Debug)]
pub struct SingleKeys(());

impl SingleKeys {
    /// Saves the terminal's settings, and switches to single keys.
    ///
    /// # Errors
    /// The errors of tcgetattr(3) and tcsetattr(3), for example because standard input is not a
    /// terminal.
    pub fn enter() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        *saved() = Some(before);
        let keys = Self(());
        keys.resume()?;
        Ok(keys)
    }

    /// Switches to single keys again, for example after the process was stopped and continued.
    ///
    /// # Errors
    /// The error of tcsetattr(3).
    pub fn resume(&self) -> io::Result<()> {
        let Some(mut settings) = saved().clone() else { return Ok(()) };
        settings.local_flags &= !(LocalFlags::ICANON | LocalFlags::ECHO);
        settings.control_chars[SpecialCharacterIndices::VMIN as usize] = 1;
        settings.control_chars[SpecialCharacterIndices::VTIME as usize] = 0;
        Ok(tcsetattr(io::stdin(), SetArg::TCSANOW, &settings)?)
    }

    /// Runs `work` with the settings from before [`SingleKeys::enter`], for example for another
    /// program that uses the terminal.
    ///
    /// # Errors
    /// The error of tcsetattr(3).
    pub fn paused<T>(&self, work: impl FnOnce() -> T) -> io::Result<T> {
        restore();
        let done = work();
        self.resume()?;
        Ok(done)
    }
}

impl Drop for SingleKeys {
    fn drop(&mut self) {
        restore();
    }
}

/// Restores the settings from before [`SingleKeys::enter`]. Does nothing if there was no such call.
pub fn restore() {
    if let Some(settings) = &*saved() {
        // An error means that the terminal is gone, and there is nothing to restore.
        let _ = tcsetattr(io::stdin(), SetArg::TCSANOW, settings);
    }
}

/// Forgets the keys that were pressed and are not read yet.
pub fn forget_keys() {
    // An error means that the terminal is gone, and there are no keys.
    let _ = tcflush(io::stdin(), FlushArg::TCIFLUSH);
}

/// Whether a person reads standard output, and types into standard input.
pub fn is_interactive() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// The number of rows of the terminal. 24 if the terminal does not say.
pub fn rows() -> usize {
    let size = terminal_size::terminal_size_of(io::stdout());
    size.map_or(24, |(_, height)| usize::from(height.0)).max(8)
}

fn saved() -> MutexGuard<'static, Option<Termios>> {
    SAVED.lock().unwrap_or_else(PoisonError::into_inner)
}
