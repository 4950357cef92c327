//! The options that select the server to run for a person.

use crate::program_args::ProgramArgs;
use anyhow::{Result, bail};
use course::catalogue::Course;
use course::lesson::Lesson;
use proofs::{ProgramUnderTest, Proof};
use terminal::lessons;

/// The options that select the server to run.
#[derive(Debug, clap::Args)]
pub(crate) struct ServerArgs {
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

/// A server that was selected.
pub(crate) struct ServerToRun<'a> {
    pub(crate) lesson: &'a Lesson,
    pub(crate) proof: &'static Proof,
    /// The name of the server in a heading.
    pub(crate) name: String,
    /// The program, or the compiler's messages.
    pub(crate) program: Result<ProgramUnderTest, String>,
}

impl ServerArgs {
    /// Finds or builds the server. `command` is the name of the command, for its errors.
    ///
    /// # Errors
    /// The lesson does not exist or has no proof, or the program cannot be run.
    pub(crate) fn select<'a>(&self, course: &'a Course, command: &str) -> Result<ServerToRun<'a>> {
        let lesson = lessons::one_or_here(course, self.lesson.as_deref(), command)?;
        let Some(proof) = proofs::of(&lesson.id) else {
            bail!("lesson {} has no proof yet, so its settings are not known", lesson.id);
        };
        let selected = self.program();
        let server = selected.server(lesson)?;
        let name = selected.note().map_or(server.subject.name, str::to_owned);
        let program = server.program.map(|program| ProgramUnderTest {
            port: self.port,
            capacity: self.capacity.map(|capacity| capacity as usize),
            ..program
        });
        Ok(ServerToRun { lesson, proof, name, program })
    }

    /// The options that select the program, as `prove` has them.
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
