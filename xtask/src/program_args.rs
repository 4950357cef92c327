//! Whose server is asked: the student's crate, the reference, or any command.

use anstream::adapter::strip_str;
use anyhow::{Context, Result, bail};
use course::lesson::Lesson;
use course::report::{self, Build, BuildStatus, SubjectKind};
use programs::build;
use proofs::Tier;
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, fs};
use terminal::{paths, show};

/// Whose server to ask, as the command line says it.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct ProgramArgs {
    // <staff>
    /// Ask the reference solution in place of your own crate; of no lesson, of all
    #[arg(long, conflicts_with = "cmd")]
    pub(crate) solution: bool,
    // </staff>
    /// Ask this program, in any language; a shell's quoting, no shell
    #[arg(long, value_name = "COMMAND")]
    pub(crate) cmd: Option<String>,
    /// The port built into the program, if it does not read PORT
    #[arg(long, value_name = "N", requires = "cmd")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) port: Option<u16>,
    /// The number of slots built into the program, if it does not read MAX_CLIENTS
    #[arg(long, value_name = "N", requires = "cmd")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) capacity: Option<u32>,
    /// Seconds that one criterion may take, for servers that never become quiet
    #[arg(long, value_name = "SECS", default_value_t = DEFAULT_TIMEOUT)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) timeout: u64,
    /// How far apart servers are kept: the strongest tier of this machine, unless said
    #[arg(long, value_enum, value_name = "TIER")]
    pub(crate) tier: Option<TierName>,
}

/// A tier by the name that reports give it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum TierName {
    /// Network, process ids and mounts of its own
    Strong,
    /// A user of its own, which takes root
    UidDrop,
    /// A child process that Landlock holds back
    Landlock,
    /// A child process on this machine's network
    Plain,
}

impl TierName {
    fn tier(self) -> Tier {
        match self {
            TierName::Strong => Tier::Strong,
            TierName::UidDrop => Tier::UidDrop,
            TierName::Landlock => Tier::Landlock,
            TierName::Plain => Tier::Plain,
        }
    }
}

const DEFAULT_TIMEOUT: u64 = 10;

/// A server that is ready to be asked, or that could not be built.
pub(crate) struct Server {
    /// As the report names it.
    pub(crate) named: report::Subject,
    /// How its build went.
    pub(crate) build: Build,
    /// What to run, or the compiler's own words, coloured for standard error, where it refused.
    pub(crate) subject: Result<proofs::Subject, String>,
}

impl Server {
    /// A program that needs no build.
    pub(crate) fn command(line: &str, subject: proofs::Subject) -> Self {
        Self {
            named: named(SubjectKind::Command, line),
            build: Build { status: BuildStatus::None, millis: 0.0, message: None },
            subject: Ok(subject),
        }
    }
}

impl ProgramArgs {
    /// Whether the command, where there is one, can run at all.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub(crate) fn check(&self) -> Result<()> {
        if let Some(tier) = self.tier.map(TierName::tier)
            && let Some(reason) = tier.refusal()
        {
            bail!(
                "--tier {tier} is not possible here: leave it out, or use --tier {}.\n{reason}",
                Tier::here()
            );
        }
        self.cmd.as_deref().map_or(Ok(()), |line| self.command(line).map(drop))
    }

    /// How far apart servers are kept.
    pub(crate) fn tier(&self) -> Tier {
        self.tier.map_or_else(Tier::here, TierName::tier)
    }

    /// Finds or builds the server for `lesson`.
    ///
    /// # Errors
    /// A command that cannot run, or a cargo that cannot.
    pub(crate) fn server(&self, lesson: &Lesson) -> Result<Server> {
        match &self.cmd {
            Some(line) => self.command(line),
            None => self.built(lesson),
        }
    }

    /// What stands at the right of a lesson's heading.
    pub(crate) fn note(&self) -> Option<&str> {
        // <staff>
        if self.solution {
            return Some("solution");
        }
        // </staff>
        self.cmd.as_deref()
    }

    /// The flags that choose the same server again, as a shell reads them.
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
        if let Some(tier) = self.tier {
            flags += &format!(" --tier {}", tier.tier());
        }
        if self.timeout != DEFAULT_TIMEOUT {
            flags += &format!(" --timeout {}", self.timeout);
        }
        flags
    }

    fn command(&self, line: &str) -> Result<Server> {
        let directory = env::current_dir().context("--cmd runs from this folder, which is gone")?;
        let words = shell_words::split(line)
            .with_context(|| format!("--cmd {line:?}: quote it as for a shell"))?;
        let Some((program, arguments)) = words.split_first() else {
            bail!("--cmd is empty; name a program, e.g. --cmd ./server");
        };
        let program = find(program, &directory)?;
        let arguments = arguments.iter().map(OsString::from);
        let command = [program.into_os_string()].into_iter().chain(arguments).collect();
        Ok(Server::command(line, self.subject(command, directory)))
    }

    fn built(&self, lesson: &Lesson) -> Result<Server> {
        let folder = paths::root().join(lesson.folder());
        let kind = SubjectKind::Crate;
        // <staff>
        let kind = if self.solution { SubjectKind::Solution } else { kind };
        // </staff>
        let package = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let built =
            build::lesson(&folder, kind == SubjectKind::Solution, show::errors_in_colour())?;
        let millis = built.elapsed.as_secs_f64() * 1e3;
        let programs = match built.result {
            Ok(programs) => programs,
            Err(words) => {
                let message = Some(strip_str(&words).to_string());
                let build = Build { status: BuildStatus::Failed, millis, message };
                return Ok(Server { named: named(kind, &package), build, subject: Err(words) });
            }
        };
        let program = programs.into_iter().find(|program| program.name == package);
        let manifest = folder.join("Cargo.toml");
        let program = program.with_context(|| {
            format!("{}: no binary named {package}; restore its [[bin]]", manifest.display())
        })?;
        Ok(Server {
            named: named(kind, &package),
            build: Build { status: BuildStatus::Ok, millis, message: None },
            subject: Ok(self.subject(vec![program.path.into()], folder)),
        })
    }

    fn subject(&self, command: Vec<OsString>, directory: PathBuf) -> proofs::Subject {
        proofs::Subject {
            command,
            directory,
            port: self.port,
            capacity: self.capacity.map(|capacity| capacity as usize),
            tier: Some(self.tier()),
            timeout: Duration::from_secs(self.timeout),
            confinement: None,
            workers: None,
        }
    }
}

fn named(kind: SubjectKind, name: &str) -> report::Subject {
    report::Subject { kind, name: name.to_owned() }
}

/// Where a command's program lies: from `directory`, or in PATH as a shell would look.
fn find(program: &str, directory: &Path) -> Result<PathBuf> {
    if program.contains('/') {
        let path = std::path::absolute(directory.join(program))?;
        return match fs::metadata(&path) {
            Err(error) => Err(error).with_context(|| {
                format!("--cmd: cannot run {}; build it first, or check the path", path.display())
            }),
            Ok(_) if runs(&path) => Ok(path),
            Ok(_) => bail!(
                "--cmd: {} is not a program; chmod +x it, or name its interpreter",
                path.display()
            ),
        };
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path)
        .map(|folder| directory.join(folder).join(program))
        .find(|path| runs(path));
    found.with_context(|| {
        format!("--cmd: no program {program:?} in PATH; for one in this folder write ./{program}")
    })
}

fn runs(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(cmd: &str) -> ProgramArgs {
        let cmd = Some(cmd.to_owned());
        ProgramArgs { cmd, port: Some(9000), timeout: DEFAULT_TIMEOUT, ..ProgramArgs::default() }
    }

    #[test]
    fn a_command_is_found_in_path_or_from_the_folder() {
        let sh = choice("sh -c 'exit 0'").command("sh -c 'exit 0'").unwrap().subject.unwrap();
        assert!(sh.command[0].to_string_lossy().ends_with("/sh"));
        assert_eq!(sh.command[1..], ["-c", "exit 0"]);
        assert!(find("./src/lib.rs", Path::new("/no/such")).is_err());
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
            let error = choice(line).command(line).err().expect(line);
            assert!(format!("{error:#}").contains(why), "{line}: {error:#}");
        }
    }

    #[test]
    fn the_flags_choose_the_same_server_again() {
        assert_eq!(
            choice("./server 'a b'").flags(),
            r#" --cmd './server '\''a b'\''' --port 9000"#
        );
    }
}
