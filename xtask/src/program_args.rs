//! The options that select the server to prove: the student's crate, the solution, or any program.

use crate::isolation;
use crate::program_file::find;
use crate::role;
use anstream::adapter::strip_str;
use anyhow::{Context, Result, bail};
use course::lesson::Lesson;
use course::report::{self, Build, BuildStatus, ProgramKind};
use programs::{build, todos};
use proofs::IsolationLevel;
use std::env;
use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::time::Duration;
use terminal::{paths, show};

/// The options that select the server to prove.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct ProgramArgs {
    // <staff>
    /// Prove the solution instead of your own crate
    #[arg(long, conflicts_with = "cmd")]
    pub(crate) solution: bool,
    // </staff>
    /// Prove the program of this command, in any language (shell quoting, but no shell runs)
    #[arg(long, value_name = "COMMAND")]
    pub(crate) cmd: Option<String>,
    /// The port built into the program, if the program does not read PORT
    #[arg(long, value_name = "N", requires = "cmd")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) port: Option<u16>,
    /// The number of slots built into the program, if the program does not read MAX_CLIENTS
    #[arg(long, value_name = "N", requires = "cmd")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) capacity: Option<u32>,
    /// Maximum seconds for one criterion, for a server that never becomes idle
    #[arg(long, value_name = "SECS", default_value_t = DEFAULT_TIMEOUT)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) timeout: u64,
    /// Draw the keys, texts and sizes that the clients send from N, as an earlier run did
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// How servers are isolated [default: the strongest level that this machine permits]
    #[arg(long, value_name = "LEVEL", long_help = isolation::LONG_HELP)]
    pub(crate) isolation: Option<IsolationLevel>,
    /// The former name of --isolation
    #[arg(long, hide = true, value_name = "LEVEL")]
    pub(crate) tier: Option<String>,
}

const DEFAULT_TIMEOUT: u64 = 10;

/// A server that can be proved, or a server that does not compile.
pub(crate) struct Server {
    /// The server's kind and name, for the report.
    pub(crate) subject: report::ReportedProgram,
    /// The result of the server's build, for the report.
    pub(crate) build: Build,
    /// The program to prove, or the compiler's messages. The messages are in colour if standard
    /// error has colour.
    pub(crate) program: Result<proofs::ProgramUnderTest, String>,
    /// The `todo!`s in the files of a student's crate.
    pub(crate) todos: Vec<report::Todo>,
}

impl Server {
    /// A server that needs no build. `line` is its command line.
    pub(crate) fn command(line: &str, program: proofs::ProgramUnderTest) -> Self {
        Self {
            subject: subject(ProgramKind::Command, line),
            build: Build { status: BuildStatus::None, millis: 0.0, message: None },
            program: Ok(program),
            todos: Vec::new(),
        }
    }
}

impl ProgramArgs {
    /// Checks whether this machine permits the selected isolation level, and whether the command of
    /// `--cmd` can run.
    ///
    /// # Errors
    /// The error says what is wrong, and what to do.
    pub(crate) fn check(&self) -> Result<()> {
        isolation::check_former_option(self.tier.as_deref())?;
        // <staff>
        self.check_built_in_values()?;
        // </staff>
        self.isolation.map_or(Ok(()), isolation::check)?;
        self.cmd.as_deref().map_or(Ok(()), |line| self.command(line).map(drop))
    }

    // <staff>
    /// The solution reads its settings, so it has no values of its own.
    fn check_built_in_values(&self) -> Result<()> {
        let flags = [("--port", self.port.is_some()), ("--capacity", self.capacity.is_some())];
        match flags.iter().find(|(_, is_given)| *is_given && self.solution) {
            Some((flag, _)) => bail!(
                "{flag} tells what is built into the program of --cmd; leave it out, because the \
                 solution reads PORT and MAX_CLIENTS"
            ),
            None => Ok(()),
        }
    }
    // </staff>

    /// A client has no port and no slots of its own, so nothing about them can be built in.
    ///
    /// # Errors
    /// The error names the option to leave out.
    pub(crate) fn check_role(&self, lesson: &Lesson) -> Result<()> {
        let flags = [("--port", self.port.is_some()), ("--capacity", self.capacity.is_some())];
        match flags.iter().find(|(_, is_given)| *is_given && role::is_client(lesson)) {
            Some((flag, _)) => bail!(
                "{flag} is about servers, and {} is about a client; leave it out, because the proof \
                 gives the client HOST and PORT as arguments",
                lesson.id
            ),
            None => Ok(()),
        }
    }

    /// The isolation level of the servers.
    pub(crate) fn isolation(&self) -> IsolationLevel {
        self.isolation.unwrap_or_else(IsolationLevel::here)
    }

    /// Finds or builds the server to prove for `lesson`.
    ///
    /// # Errors
    /// The command or cargo cannot run.
    pub(crate) fn server(&self, lesson: &Lesson) -> Result<Server> {
        match &self.cmd {
            Some(line) => self.command(line),
            None => self.built(lesson),
        }
    }

    /// The note about the server in a lesson's heading. `None` for the student's own crate.
    pub(crate) fn note(&self) -> Option<&str> {
        // <staff>
        if self.solution {
            return Some("solution");
        }
        // </staff>
        self.cmd.as_deref()
    }

    /// The options that select the same server again, quoted for a shell, e.g. ` --cmd ./server`.
    pub(crate) fn flags(&self) -> String {
        let mut flags = String::new();
        // <staff>
        if self.solution {
            flags += " --solution";
        }
        // </staff>
        if let Some(line) = &self.cmd {
            flags += &format!(" --cmd {}", shell_words::quote(line));
        }
        if let Some(port) = self.port {
            flags += &format!(" --port {port}");
        }
        if let Some(capacity) = self.capacity {
            flags += &format!(" --capacity {capacity}");
        }
        if let Some(isolation) = self.isolation {
            flags += &format!(" --isolation {}", isolation);
        }
        if self.timeout != DEFAULT_TIMEOUT {
            flags += &format!(" --timeout {}", self.timeout);
        }
        flags
    }

    /// The arguments with which `cargo xtask run` and `view` start the same server.
    pub(crate) fn arguments_of_run(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        // <staff>
        if self.solution {
            arguments.push("--solution".to_owned());
        }
        // </staff>
        arguments.extend(self.cmd.iter().map(|line| format!("--cmd={line}")));
        arguments.extend(self.port.map(|port| format!("--port={port}")));
        arguments.extend(self.capacity.map(|capacity| format!("--capacity={capacity}")));
        arguments
    }

    fn command(&self, line: &str) -> Result<Server> {
        let directory =
            env::current_dir().context("--cmd runs in the current folder, which was removed")?;
        let words = shell_words::split(line)
            .with_context(|| format!("--cmd {line:?}: quote it as for a shell"))?;
        let Some((program, arguments)) = words.split_first() else {
            bail!("--cmd is empty; name a program, e.g. --cmd ./server");
        };
        let program = find(program, &directory)?;
        let arguments = arguments.iter().map(OsString::from);
        let command = [program.into_os_string()].into_iter().chain(arguments).collect();
        Ok(Server::command(line, self.program(command, directory)))
    }

    fn built(&self, lesson: &Lesson) -> Result<Server> {
        let folder = paths::root().join(lesson.folder());
        let kind = ProgramKind::Crate;
        // <staff>
        let kind = if self.solution { ProgramKind::Solution } else { kind };
        // </staff>
        let todos = match kind {
            ProgramKind::Crate => todos::in_crate(&paths::root(), lesson.folder())?,
            _ => Vec::new(),
        };
        let package = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        note_first_build(&package, kind);
        let built =
            build::lesson(&folder, kind == ProgramKind::Solution, show::errors_in_colour())?;
        let millis = built.elapsed.as_secs_f64() * 1e3;
        let programs = match built.result {
            Ok(programs) => programs,
            Err(errors) => {
                let message = Some(strip_str(&errors).to_string());
                let build = Build { status: BuildStatus::Failed, millis, message };
                let subject = subject(kind, &package);
                return Ok(Server { subject, build, program: Err(errors), todos });
            }
        };
        let program = programs.into_iter().find(|program| program.name == package);
        let manifest = folder.join("Cargo.toml");
        let program = program.with_context(|| {
            format!("{}: no binary named {package}; restore its [[bin]]", manifest.display())
        })?;
        Ok(Server {
            subject: subject(kind, &package),
            build: Build { status: BuildStatus::Ok, millis, message: None },
            program: Ok(self.program(vec![program.path.into()], folder)),
            todos,
        })
    }

    fn program(&self, command: Vec<OsString>, directory: PathBuf) -> proofs::ProgramUnderTest {
        proofs::ProgramUnderTest {
            command,
            directory,
            port: self.port,
            capacity: self.capacity.map(|capacity| capacity as usize),
            isolation: Some(self.isolation()),
            timeout: Duration::from_secs(self.timeout),
            sandbox: None,
            workers: None,
            seed: self.seed,
            budget: None,
            recording: None,
        }
    }
}

/// Says on a terminal that a lesson is built for the first time. This build takes up to a minute,
/// because cargo also builds the crates that the lesson needs.
fn note_first_build(package: &str, kind: ProgramKind) {
    let folder = if kind == ProgramKind::Crate { "student" } else { "solution" };
    let is_built = paths::target().join(folder).join("debug").join(package).exists();
    if !is_built && io::stderr().is_terminal() {
        let text = format!("building {package}; the first time takes up to a minute");
        show::note(&show::Line::new().faint(&text));
    }
}

fn subject(kind: ProgramKind, name: &str) -> report::ReportedProgram {
    report::ReportedProgram { kind, name: name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(cmd: &str) -> ProgramArgs {
        let cmd = Some(cmd.to_owned());
        ProgramArgs { cmd, port: Some(9000), timeout: DEFAULT_TIMEOUT, ..ProgramArgs::default() }
    }

    #[test]
    fn a_command_is_found_in_path_or_from_the_folder() {
        let sh = args("sh -c 'exit 0'").command("sh -c 'exit 0'").unwrap().program.unwrap();
        assert!(sh.command[0].to_string_lossy().ends_with("/sh"));
        assert_eq!(sh.command[1..], ["-c", "exit 0"]);
    }

    #[test]
    fn a_command_that_cannot_run_says_why() {
        for (line, why) in [
            ("", "empty"),
            ("   ", "empty"),
            ("'open", "quote it"),
            ("no-such-x", "in PATH"),
            ("/etc", "not a program"),
            ("./none", "cannot run"),
        ] {
            let error = args(line).command(line).err().expect(line);
            assert!(format!("{error:#}").contains(why), "{line}: {error:#}");
        }
    }

    #[test]
    fn the_flags_choose_the_same_server_again() {
        assert_eq!(args("./server 'a b'").flags(), r#" --cmd './server '\''a b'\''' --port 9000"#);
    }
}
