//! Runs a command with limits, and prints how the command ended and what the command wrote.
//!
//! ```text
//! $ cargo run -q -p sandbox --example run_untrusted -- id
//! isolation: namespaces
//! the program ended with exit status 0
//! the program used 0.00 s of processor time, and ran for 0.01 s
//! no limit was exceeded
//! the program wrote 48 bytes:
//! uid=1000(user) gid=1000(user) groups=1000(user)
//!
//! $ cargo run -q -p sandbox --example run_untrusted -- yes
//! isolation: namespaces
//! the program was killed by SIGKILL
//! the program used 0.00 s of processor time, and ran for 0.01 s
//! a limit was exceeded: output
//! the program wrote 65536 bytes:
//! y
//! y
//! y
//! y
//! y
//! y
//! y
//! y
//! y
//! y
//! ...
//! ```
//!
//! The command sees the system's programs, such as the programs in /usr, and no other files of this
//! machine. It may use 2 s of processor time, 5 s of wall time, 64 MiB of memory, and 64 KiB of
//! output. The exit status of the example is 0 if the command was run, 1 if the command could not
//! be started, and 2 if an argument is missing.

use sandbox::{Command, Finished, IsolationLevel, LaunchError, LimitKind, Limits, SandboxPolicy};
use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

/// The maximum number of lines of output that are printed.
const MAX_LINES: usize = 10;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let Some(program) = arguments.next() else {
        eprintln!("error: no command is given");
        eprintln!("usage: run_untrusted COMMAND [ARGUMENT]...");
        return ExitCode::from(2);
    };
    let level = IsolationLevel::for_untrusted();
    println!("isolation: {level}");
    match run(program, arguments, level) {
        Ok(finished) => {
            print(&finished);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the command to its end, on the strongest isolation level that this machine permits.
fn run(
    program: OsString,
    arguments: impl Iterator<Item = OsString>,
    level: IsolationLevel,
) -> Result<Finished, LaunchError> {
    let limits = Limits {
        memory: 64 << 20,
        cpu: Duration::from_secs(2),
        wall: Duration::from_secs(5),
        output: 64 << 10,
        ..Limits::default()
    };
    // Add paths here to show the program more files, read-only.
    let policy = SandboxPolicy { limits, ..SandboxPolicy::default() };
    Command::new(program).args(arguments).sandboxed(policy).isolation(level).run()
}

fn print(finished: &Finished) {
    println!("the program {}", finished.exit);
    let [cpu, elapsed] = [finished.cpu, finished.elapsed].map(|time| time.as_secs_f64());
    println!("the program used {cpu:.2} s of processor time, and ran for {elapsed:.2} s");
    match finished.limit_exceeded {
        Some(limit) => println!("a limit was exceeded: {}", name(limit)),
        None => println!("no limit was exceeded"),
    }
    println!("the program wrote {} bytes:", finished.output.len());
    let text = String::from_utf8_lossy(&finished.output);
    text.lines().take(MAX_LINES).for_each(|line| println!("{line}"));
    if text.lines().nth(MAX_LINES).is_some() {
        println!("...");
    }
}

fn name(limit: LimitKind) -> &'static str {
    match limit {
        LimitKind::Memory => "memory",
        LimitKind::Cpu => "processor time",
        LimitKind::Wall => "wall time",
        LimitKind::Output => "output",
        LimitKind::FileSize => "size or number of files",
    }
}
