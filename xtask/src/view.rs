//! `cargo xtask view`: a lesson's server, live: its sockets as the kernel has them, beside the array or
//! list that it waits with, as read from the running server.

mod backend;
mod body;
mod columns;
mod help;
mod keys;
mod main_loop;
mod screen;

use crate::run::{TIME_TO_END, last_line};
use crate::server_args::{ServerArgs, ServerToRun};
use anyhow::{Context, Result, anyhow, bail};
use course::catalogue::Course;
use main_loop::{End, MainLoop};
use proofs::View;
use screen::Title;
use std::process::exit;
use terminal::outcome::Outcome;
use terminal::show::Screen;
use terminal::tty::{self, FullScreen, SingleKeys};
use terminal::{interrupt, paths};

/// The arguments of `view`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    // A doc comment on this field would become help text.
    #[command(flatten)]
    server: ServerArgs,
}

const EXAMPLES: &str = "\
Starts the server as `cargo xtask run` does, and shows at each moment:
- the processes, and the call in which each thread sleeps;
- each descriptor, with its state in the kernel, the bytes that wait, and its slot in the
  log; beside it the entry of the pollfd array, read from the running server, or of the
  interest list. ▸ marks a row in which they disagree while the server sleeps;
- your clients, with what they have received, and the server's log.

Keys: n opens a client, 1 to 9 and the arrows choose one, Enter sends a line as this
client, h shuts down its sending side, r resets, and c closes its connection. f fills
the table, s stops the server (SIGSTOP) and continues it, e makes the next accept fail
(the next fork, in a lesson with a process for each client), ? explains the columns, q
quits and ends the server. Other programs can connect, too.

In w01-l02 you play the server: Enter types a line for the client, a answers.

Examples:
  cargo xtask view w03-l02
  cargo xtask view w03-l02 --cmd ./server --capacity 4
  nc localhost 7000                                  in another terminal

Exit status: 0 after q; 1 the server does not compile; 2 misuse, or no terminal; 130 Ctrl-C.";

/// Shows a lesson's server until the user quits.
///
/// # Errors
/// The command was misused, there is no terminal, or the server cannot be started.
pub(crate) fn run(args: &Args) -> Result<Outcome> {
    if !tty::is_interactive() || !tty::can_move_cursor() {
        bail!(
            "view needs a terminal on which it can draw; without one, `cargo xtask run` shows the \
             server's log"
        );
    }
    let course = Course::open(paths::root())?;
    let ServerToRun { lesson, proof, name, program } = args.server.select(&course, "view")?;
    let program = match program {
        Ok(program) => program,
        Err(errors) => {
            anstream::eprintln!("{errors}");
            return Ok(Outcome::NotYet);
        }
    };
    let title = Title { id: lesson.id.clone(), title: lesson.title.clone(), name };
    let end = interrupt::forwarded(|signals| {
        let (view, settings) =
            View::start(proof, &program).map_err(|error| anyhow!("{}: {error}", lesson.id))?;
        let keys = SingleKeys::enter().context("cannot read single keys from this terminal")?;
        let full = FullScreen::enter().context("cannot write to the terminal")?;
        let mut main_loop = MainLoop::new(view, title, settings, &keys, &full, signals)?;
        let end = main_loop.run();
        let view = main_loop.into_view();
        drop(full);
        let noun = if view.plays_server() { "client" } else { "server" };
        let exit = view.end(TIME_TO_END);
        Screen::stdout().show(&last_line(noun, exit.as_ref(), true))?;
        end
    })??;
    match end {
        End::Quit => Ok(Outcome::Success),
        // A shell reports the same number.
        End::Signal(signal) => exit(128 + signal as i32),
    }
}
