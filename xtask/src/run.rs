//! `cargo xtask run`: builds and starts a lesson's server, and shows its log until Ctrl-C.

mod log_lines;

use crate::program_args::ProgramArgs;
use crate::role;
use anyhow::{Context, Result, anyhow, bail};
use course::catalogue::Course;
use log_lines::LogLines;
use proofs::{Exit, LiveServer, Output};
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};
use terminal::outcome::Outcome;
use terminal::show::{self, Heading, Line, Screen};
use terminal::{interrupt, lessons, paths};

/// The arguments of `run`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The lesson, e.g. w03-l02; in a lesson's folder, this lesson
    #[arg(value_name = "LESSON")]
    lesson: Option<String>,
    // <staff>
    /// Run the solution instead of your own crate
    #[arg(long, conflicts_with = "cmd")]
    solution: bool,
    // </staff>
    /// Run the program of this command, in any language (shell quoting, but no shell runs)
    #[arg(long, value_name = "COMMAND")]
    cmd: Option<String>,
    /// The value of PORT [default: PORT of the environment, or the lesson's port]
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// The value of MAX_CLIENTS [default: as for --port]
    #[arg(long, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    capacity: Option<u32>,
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
const TIME_TO_END: Duration = Duration::from_secs(2);
/// The pause after which Ctrl-C is noticed.
const PAUSE: Duration = Duration::from_millis(50);

/// Runs a lesson's server until it ends, or until Ctrl-C.
///
/// # Errors
/// The lesson does not exist, or its programs are not servers, or the server cannot be started.
pub(crate) fn run(args: &Args) -> Result<Outcome> {
    let course = Course::open(paths::root())?;
    let lesson = lessons::one_or_here(&course, args.lesson.as_deref(), "run")?;
    if role::is_client(lesson) {
        bail!(
            "the programs of {} are clients, and `run` starts servers; start yours with a host and a \
             port, e.g. `cargo run -p {} localhost 3490` or `./client localhost 3490`",
            lesson.id,
            lesson.folder().file_name().unwrap_or_default().display()
        );
    }
    let Some(proof) = proofs::of(&lesson.id) else {
        bail!("lesson {} has no proof yet, so its settings are not known", lesson.id);
    };
    let server = args.program().server(lesson)?;
    let mut program = match server.program {
        Ok(program) => program,
        Err(errors) => {
            anstream::eprintln!("{errors}");
            return Ok(Outcome::NotYet);
        }
    };
    program.port = args.port;
    program.capacity = args.capacity.map(|capacity| capacity as usize);
    let mut screen = Screen::stdout();
    let heading = Heading { id: &lesson.id, title: &lesson.title, note: &server.subject.name };
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

impl Args {
    /// The options that select the server, as `prove` has them.
    fn program(&self) -> ProgramArgs {
        ProgramArgs {
            // <staff>
            solution: self.solution,
            // </staff>
            cmd: self.cmd.clone(),
            ..ProgramArgs::default()
        }
    }
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
            screen.show(&last_line(exit.as_ref(), asked.is_some()))?;
            return Ok(match (asked, exit) {
                (Some(_), _) => Outcome::Interrupted,
                (None, exit) => Outcome::of_differences(exit != Some(Exit::Status(0))),
            });
        }
    }
}

/// How the server ended. `exit` is `None` if it did not end after SIGTERM.
fn last_line(exit: Option<&Exit>, was_asked: bool) -> Line {
    let text = match exit.map(ToString::to_string) {
        Some(exit) if was_asked && exit.contains("SIGTERM") => "the server has ended".to_owned(),
        Some(exit) => format!("the server {exit}"),
        None => "the server was still running 2 seconds after SIGTERM, and was killed".to_owned(),
    };
    Line::new().faint(&text)
}
