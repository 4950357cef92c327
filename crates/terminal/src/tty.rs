//! Single keys from the terminal, without Enter and without echo.
//!
//! Only the line editing of the terminal is switched off (termios(3), noncanonical mode). Ctrl-C still
//! sends SIGINT, and a line break still begins a new line. A program that draws on the whole screen
//! also switches to the terminal's second screen ([`FullScreen`]).

use nix::sys::termios::{
    FlushArg, LocalFlags, SetArg, SpecialCharacterIndices, Termios, tcflush, tcgetattr, tcsetattr,
};
use std::env;
use std::io::{self, IsTerminal, Write};
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

/// The settings of the terminal before [`SingleKeys::enter`].
static SAVED: Mutex<Option<Termios>> = Mutex::new(None);

/// Whether the terminal shows its second screen.
static IS_FULL: AtomicBool = AtomicBool::new(false);
/// Shows the second screen, without a cursor (console_codes(4); xterm's "Alternate Screen Buffer").
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?25l\x1b[2J";
/// Shows the first screen as it was before, with its cursor.
const LEAVE: &[u8] = b"\x1b[?25h\x1b[?1049l";

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

/// As long as this value lives, the terminal of standard output shows its second screen, without a
/// cursor. Dropping the value shows the first screen as it was. A panic does so before its message is
/// printed.
#[derive(Debug)]
pub struct FullScreen(());

impl FullScreen {
    /// Switches to the second screen, which is empty.
    ///
    /// # Errors
    /// The error of write(2).
    pub fn enter() -> io::Result<Self> {
        static HOOK: Once = Once::new();
        HOOK.call_once(|| {
            let print = panic::take_hook();
            panic::set_hook(Box::new(move |panicked| {
                restore();
                print(panicked);
            }));
        });
        let screen = Self(());
        screen.resume()?;
        Ok(screen)
    }

    /// Switches to the second screen again, for example after the process was stopped and continued.
    ///
    /// # Errors
    /// The error of write(2).
    pub fn resume(&self) -> io::Result<()> {
        IS_FULL.store(true, SeqCst);
        write_all(ENTER)
    }
}

impl Drop for FullScreen {
    fn drop(&mut self) {
        leave();
    }
}

/// Whether the terminal can move its cursor.
pub fn can_move_cursor() -> bool {
    env::var_os("TERM").is_some_and(|terminal| !terminal.is_empty() && terminal != "dumb")
}

fn leave() {
    if IS_FULL.swap(false, SeqCst) {
        // An error means that the terminal is gone, and there is nothing to restore.
        let _ = write_all(LEAVE);
    }
}

fn write_all(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}

/// Restores the screen and the settings from before [`FullScreen::enter`] and [`SingleKeys::enter`].
/// Does nothing if there were no such calls.
pub fn restore() {
    leave();
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

/// The number of columns and rows of the terminal. 80 and 24 if the terminal does not say.
pub fn size() -> (u16, u16) {
    let size = terminal_size::terminal_size_of(io::stdout());
    size.map_or((80, 24), |(width, height)| (width.0, height.0))
}

/// The number of rows of the terminal. 24 if the terminal does not say.
pub fn rows() -> usize {
    let size = terminal_size::terminal_size_of(io::stdout());
    size.map_or(24, |(_, height)| usize::from(height.0)).max(8)
}

fn saved() -> MutexGuard<'static, Option<Termios>> {
    SAVED.lock().unwrap_or_else(PoisonError::into_inner)
}
