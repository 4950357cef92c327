//! Prints which isolation levels this machine permits, and why the machine refuses the others.
//!
//! ```text
//! $ cargo run -q -p sandbox --example isolation_levels
//! level       own programs  untrusted programs
//! namespaces  permitted     permitted
//! other-user  refused       refused
//! landlock    permitted     permitted
//! none        permitted     permitted
//!
//! strongest level for own programs: namespaces
//! strongest level for untrusted programs: namespaces
//! memory of untrusted programs is limited by: watchdog
//!
//! other-user is refused for own programs: the program cannot run as another user: only root can
//! change the user; run this as root
//!
//! other-user is refused for untrusted programs: the program cannot run as another user: only root
//! can change the user; run this as root
//! ```
//!
//! Run the example as root and as an ordinary user. The output usually differs. The exit status is
//! 2 if an argument is given.

use sandbox::{IsolationLevel, Limits};
use std::io::{self, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(argument) = std::env::args().nth(1) {
        eprintln!("error: unexpected argument {argument:?}");
        eprintln!("usage: isolation_levels");
        return ExitCode::from(2);
    }
    match print_levels(&mut io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader, for example head(1), has read enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: the output cannot be written: {error}");
            ExitCode::FAILURE
        }
    }
}

fn print_levels(output: &mut impl Write) -> io::Result<()> {
    writeln!(output, "{:12}{:14}untrusted programs", "level", "own programs")?;
    for level in IsolationLevel::ALL {
        let [own, untrusted] = [level.refusal(), level.refusal_for_untrusted()].map(answer);
        writeln!(output, "{:12}{own:14}{untrusted}", level.to_string())?;
    }

    writeln!(output, "\nstrongest level for own programs: {}", IsolationLevel::here())?;
    writeln!(
        output,
        "strongest level for untrusted programs: {}",
        IsolationLevel::for_untrusted()
    )?;
    writeln!(
        output,
        "memory of untrusted programs is limited by: {}",
        Limits::memory_accounting()
    )?;

    for level in IsolationLevel::ALL {
        if let Some(reason) = level.refusal() {
            writeln!(output, "\n{level} is refused for own programs: {reason}")?;
        }
        if let Some(reason) = level.refusal_for_untrusted() {
            writeln!(output, "\n{level} is refused for untrusted programs: {reason}")?;
        }
    }
    Ok(())
}

fn answer(refusal: Option<&str>) -> &'static str {
    if refusal.is_some() { "refused" } else { "permitted" }
}
