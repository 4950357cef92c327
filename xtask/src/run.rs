//! `cargo xtask run`: builds and starts a lesson's server, and shows its log until Ctrl-C.

pub(crate) mod log_lines;

use crate::role;
use crate::server_args::{ServerArgs, ServerToRun};
use anyhow::{Context, Result, anyhow, bail};
use course::catalogue::Course;
use log_lines::LogLines;
use proofs::{Exit, LiveServer, Output};
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};
use terminal::outcome::Outcome;
use terminal::show::{self, Heading, Line, Screen};
use terminal::{interrupt, paths};

/// The arguments of `run`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    // A doc comment on this field would become help text.
    #[command(flatten)]
    server: ServerArgs,
}

const EXAMPLES: &str = "\
The server gets PORT and MAX_CLIENTS as in a proof, but it runs on this machine's own
network: connect with nc, telnet or a browser. Lines that the lesson asks for are shown
in colour, other lines dim after `│`, and standard error after `!`. Ctrl-C asks the
server to end (SIGTERM). After 2 seconds, or at the second Ctrl-C, it is killed, together
with all that it has started.

Examples:
  cargo xtask run w03-l02
  cargo xtask run w03-l02 --port 7001 --capacity 2
  cargo xtask run w03-l02 --cmd 'python3 server.py'
  nc localhost 7000                                  in another terminal

Exit status: 130 stopped by Ctrl-C; 0 the server ended with 0; 1 it ended otherwise, or
does not compile; 2 misuse.";

/// The time that a server has to end after SIGTERM, as the lessons ask for.
pub(crate) const TIME_TO_END: Duration = Duration::from_secs(2);
/// The pause after which Ctrl-C is noticed.
const PAUSE: Duration = Duration::from_millis(50);

/// Runs a lesson's server until it ends, or until Ctrl-C.
///
/// # Errors
/// The lesson does not exist, or its programs are not servers, or the server cannot be started.
pub(crate) fn run(args: &Args) -> Result<Outcome> {
    let course = Course::open(paths::root())?;
    let ServerToRun { lesson, proof, name, program } = args.server.select(&course, "run")?;
    if role::is_client(lesson) {
        bail!(
            "the programs of {} are clients, and `run` starts servers; start yours with a host and a \
             port, e.g. `cargo run -p {} localhost 3490` or `./client localhost 3490`",
            lesson.id,
            lesson.folder().file_name().unwrap_or_default().display()
        );
    }
    let program = match program {
        Ok(program) => program,
        Err(errors) => {
            anstream::eprintln!("{errors}");
            return Ok(Outcome::NotYet);
        }
    };
    let mut screen = Screen::stdout();
    let heading = Heading { id: &lesson.id, title: &lesson.title, note: &name };
    screen.show_all(&heading.lines(screen.width()))?;
    // From here on, Ctrl-C asks the server to end.
    interrupt::deferred(|| {
        let (live, settings) =
            proofs::serve(proof, &program).map_err(|error| anyhow!("{}: {error}", lesson.id))?;
        let end = if io::stdout().is_terminal() { " · Ctrl-C ends it" } else { "" };
        screen.show(&Line::new().faint(&format!("started with {settings}{end}")))?;
        show_until_end(live, &mut screen)
    })
}

/// Shows the server's output until the server has ended. After Ctrl-C, asks the server to end.
fn show_until_end(mut server: LiveServer, screen: &mut Screen) -> Result<Outcome> {
    let (mut stdout, mut stderr) = (LogLines::of_stdout(), LogLines::of_stderr());
    let mut asked = None;
    loop {
        match server.read(PAUSE).context("cannot read what the server prints")? {
            Some(Output::Stdout(bytes)) => screen.show_all(&stdout.add(&bytes))?,
            Some(Output::Stderr(bytes)) => screen.show_all(&stderr.add(&bytes))?,
            None => {}
        }
        let is_over = interrupt::requested() || screen.has_lost_reader();
        if is_over && asked.is_none() {
            if io::stderr().is_terminal() {
                // The terminal shows ^C at the cursor.
                show::note(&Line::new());
            }
            server.terminate();
            asked = Some(Instant::now());
        }
        let is_late = asked.is_some_and(|asked| asked.elapsed() >= TIME_TO_END);
        if server.exit().is_some() || is_late {
            let exit = server.exit().cloned();
            // Dropping the server ends all that it has started.
            drop(server);
            screen.show_all(&stdout.end())?;
            screen.show_all(&stderr.end())?;
            screen.show(&last_line("server", exit.as_ref(), asked.is_some()))?;
            return Ok(match (asked, exit) {
                (Some(_), _) => Outcome::Interrupted,
                (None, exit) => Outcome::of_differences(exit != Some(Exit::Status(0))),
            });
        }
    }
}

/// How the program ended. `noun` is what it is: a server, or a client. `exit` is `None` if it did not
/// end after SIGTERM.
pub(crate) fn last_line(noun: &str, exit: Option<&Exit>, was_asked: bool) -> Line {
    let text = match exit.map(ToString::to_string) {
        Some(exit) if was_asked && exit.contains("SIGTERM") => format!("the {noun} has ended"),
        Some(exit) => format!("the {noun} {exit}"),
        None => format!("the {noun} was still running 2 seconds after SIGTERM, and was killed"),
    };
    Line::new().faint(&text)
}
