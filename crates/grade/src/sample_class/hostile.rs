//! Samples of hostile programs in `tests/hostile/`, each with its expected outcome and a benign
//! twin: the same program without the attack.
//!
//! If possible, the program is also a correct server, but it exits if its attack succeeds. If such
//! a program is proved, the sandbox has contained the attack.

use super::crates::{plain, solution};
use super::expected::{BUILD, Expected};
use super::programs::{Recipe, add_c, add_python, with_includes};
use super::{Files, Sample};
use anyhow::{Context, Result};
use course::catalogue::Course;
use std::fs;
use std::path::{Path, PathBuf};
use terminal::paths;

/// The lesson for which all hostile programs are handed in.
pub const LESSON: &str = "w03-l02";

/// A hostile program and its expected outcome.
#[derive(Clone, Copy, Debug)]
pub struct Hostile {
    /// The file in `tests/hostile/`.
    pub file: &'static str,
    /// How the file becomes a submission.
    pub form: Form,
    /// The expected outcome.
    pub expected: ExpectedOutcome,
}

/// How a file becomes a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A program in C that `make` builds.
    C,
    /// A program in Python.
    Python,
    /// The Makefile of a correct server in C.
    Makefile,
    /// The Makefile of a correct server in C. The Makefile first builds and runs this attack, a
    /// program in C.
    Attacks(&'static str),
    /// Lines that are appended to the solution's file with this name.
    AppendedTo(&'static str),
    /// A file with this name, in addition to the solution's files.
    Additional(&'static str),
}

/// The expected outcome of a hostile program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpectedOutcome {
    /// The attack is contained, and every criterion is proved.
    Proved,
    /// This criterion fails, and its cause or evidence contains this text.
    Fails(&'static str, &'static str),
    /// The build fails, and its message contains this text.
    NotBuilt(&'static str),
    /// No criterion of the rest is checked after the submission's budget was used up. The verdict is
    /// "not yet", and the reason names the budget.
    OverBudget,
    /// The verdict is "not yet". Which criteria fail depends on how busy the machine is.
    NotYet,
}

use ExpectedOutcome::{Fails, NotBuilt, NotYet, OverBudget, Proved};
use Form::{Additional, AppendedTo, Attacks, C, Makefile, Python};

const fn hostile(file: &'static str, form: Form, expected: ExpectedOutcome) -> Hostile {
    Hostile { file, form, expected }
}

/// All hostile programs.
pub const HOSTILE: &[Hostile] = &[
    hostile("fork_bomb.c", C, Fails("starts", "")),
    hostile("fork_for_clients.c", C, Fails("one-thread", "processes")),
    hostile("memory_hog.c", C, Fails("starts", "memory")),
    hostile("memory_of_many.c", C, Fails("starts", "memory")),
    hostile("endless_output.c", C, Fails("starts", "to its log")),
    hostile("endless_errors.c", C, Fails("starts", "to its log")),
    hostile("daemon.c", C, Fails("ends", "outlived it")),
    hostile("kills_all.c", C, Proved),
    hostile("reads_files.c", C, Proved),
    hostile("writes_outside.c", C, Proved),
    hostile("connects_out.c", C, Proved),
    hostile("never_accepts.c", C, Fails("slots", "never accepted")),
    hostile("fake_log.c", C, Fails("slots", "never accepted")),
    hostile("helper_answers.c", C, Fails("slots", "no descriptor for it")),
    hostile("decoy_thread.c", C, Fails("watch-set", "is not in the array")),
    hostile("traces.c", C, Proved),
    hostile("sleeps.c", C, Fails("starts", "asleep")),
    hostile("ignores_signals_and_spins.c", C, Fails("starts", "running")),
    hostile("fills_disk.c", C, Proved),
    hostile("fills_inodes.c", C, Proved),
    hostile("million_descriptors.c", C, Proved),
    hostile("renames_itself.c", C, Proved),
    hostile("escapes.c", C, Fails("starts", "exit status 3")),
    hostile("prints_results.py", Python, Fails("slots", "never accepted")),
    hostile("forges_results.py", Python, Fails("slots", "never accepted")),
    hostile("environment.c", C, Proved),
    hostile("gains_rights.c", C, Proved),
    hostile("namespaces.c", C, Proved),
    hostile("mounts.c", C, Proved),
    hostile("forbidden_calls.c", C, Proved),
    hostile("undumpable.c", C, Proved),
    hostile("unreadable.c", C, Proved),
    hostile("io_uring.c", C, Proved),
    hostile("neighbours.c", C, Proved),
    hostile("fast_open.c", C, Proved),
    hostile("local_sockets.c", C, Proved),
    hostile("held_messages.c", C, Proved),
    hostile("outliving_ipc.c", C, Proved),
    hostile("hidden_memory.c", C, Fails("starts", "memory")),
    hostile("socket_buffers.c", C, Fails("starts", "memory")),
    hostile("system_servers.c", C, Proved),
    hostile("slow_steps.c", C, OverBudget),
    hostile("swaps_array.c", C, Fails("ends", "outlived it")),
    hostile("stops_itself.c", C, Fails("starts", "")),
    hostile("opens_fifo.c", C, Fails("slots", "never accepted")),
    hostile("dentry_flood.c", C, Proved),
    hostile("kernel_files.c", C, Proved),
    hostile("first_process.c", C, Proved),
    hostile("timers_and_signals.c", C, Proved),
    hostile("orphans.c", C, Fails("ends", "outlived it")),
    hostile("spins_on_all.c", C, NotYet),
    hostile("floods_loopback.c", C, NotYet),
    hostile("assembled_file.rs", AppendedTo("src/main.rs"), NotBuilt("/etc/shadow")),
    hostile("assembled_device.rs", AppendedTo("src/main.rs"), NotBuilt("")),
    hostile("linked_library.rs", AppendedTo("src/main.rs"), NotBuilt("/etc/shadow")),
    hostile("kills_linker.rs", AppendedTo("src/main.rs"), NotBuilt("")),
    hostile("secret_variable.rs", AppendedTo("src/main.rs"), NotBuilt("GRADER_SECRET")),
    hostile("build_script.rs", Additional("build.rs"), Proved),
    hostile("dependency.toml", Additional("Cargo.toml"), Proved),
    hostile("linker.toml", Additional(".cargo/config.toml"), Proved),
    hostile("proc_macro.rs", AppendedTo("src/lib.rs"), NotBuilt("proc")),
    hostile("reads_at_compile_time.rs", AppendedTo("src/main.rs"), NotBuilt("/etc/shadow")),
    hostile("few_accounts.rs", AppendedTo("src/main.rs"), Proved),
    hostile("endless_file.rs", AppendedTo("src/main.rs"), NotBuilt("")),
    hostile("answer.rs", AppendedTo("src/main.rs"), NotBuilt("solution/server.rs")),
    hostile("included_answer.rs", AppendedTo("src/main.rs"), NotBuilt("CARGO_MANIFEST_DIR")),
    hostile("macro_bomb.rs", AppendedTo("src/main.rs"), NotBuilt("")),
    hostile("const_bomb.rs", AppendedTo("src/main.rs"), NotBuilt("")),
    hostile("type_bomb.rs", AppendedTo("src/main.rs"), NotBuilt("")),
    hostile("daemon.mk", Makefile, Proved),
    hostile("sleeps.mk", Makefile, NotBuilt("")),
    hostile("spins.mk", Makefile, NotBuilt("")),
    hostile("fork_bomb.mk", Makefile, NotBuilt("")),
    hostile("kills_all.mk", Makefile, NotBuilt("")),
    hostile("fills_disk.mk", Makefile, Proved),
    hostile("endless_output.mk", Makefile, NotBuilt("")),
    hostile("link.mk", Makefile, NotBuilt("server")),
    hostile("fifo.mk", Makefile, NotBuilt("server")),
    hostile("device.mk", Makefile, NotBuilt("server")),
    hostile("folder.mk", Makefile, NotBuilt("server")),
    hostile("huge.mk", Makefile, NotBuilt("")),
    hostile("many_files.mk", Makefile, NotBuilt("")),
    hostile("attacks.mk", Attacks("reads_files"), Proved),
    hostile("attacks.mk", Attacks("writes_outside"), Proved),
    hostile("attacks.mk", Attacks("connects_out"), Proved),
    hostile("attacks.mk", Attacks("traces"), Proved),
    hostile("attacks.mk", Attacks("gains_rights"), Proved),
    hostile("attacks.mk", Attacks("namespaces"), Proved),
    hostile("attacks.mk", Attacks("mounts"), Proved),
    hostile("attacks.mk", Attacks("forbidden_calls"), Proved),
    hostile("attacks.mk", Attacks("neighbours"), Proved),
];

/// The programs that use up what programs of one user or one machine share.
pub const GREEDY: [&str; 6] = [
    "held_messages.c",
    "timers_and_signals.c",
    "spins_on_all.c",
    "floods_loopback.c",
    "hidden_memory.c",
    "dentry_flood.c",
];

/// The samples of all hostile programs, if their lesson is among `lessons`.
///
/// # Errors
/// A file cannot be read.
pub fn samples(course: &Course, lessons: &[String]) -> Result<Vec<Sample>> {
    if !lessons.iter().any(|id| id == LESSON) {
        return Ok(Vec::new());
    }
    HOSTILE.iter().map(|hostile| hostile.sample(course)).collect()
}

impl Hostile {
    /// A unique name, e.g. `fork_bomb.c` or `attacks.mk traces`.
    pub fn name(&self) -> String {
        match self.form {
            Attacks(program) => format!("{} {program}", self.file),
            _ => self.file.to_owned(),
        }
    }

    /// The sample with the attack.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn sample(&self, course: &Course) -> Result<Sample> {
        let expected = match self.expected {
            Proved => Expected::proved(),
            Fails(criterion, _) => Expected::fails(criterion, ""),
            NotBuilt(_) => Expected::fails(BUILD, ""),
            OverBudget | NotYet => Expected::fails("", ""),
        };
        self.submission(course, self.name(), expected, false)
    }

    /// The sample without the attack, which must be proved.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn benign_twin(&self, course: &Course) -> Result<Sample> {
        self.submission(course, format!("{} benign", self.name()), Expected::proved(), true)
    }

    fn submission(
        &self,
        course: &Course,
        name: String,
        expected: Expected,
        is_benign: bool,
    ) -> Result<Sample> {
        let files = match self.form {
            C => self.in_c(is_benign)?,
            Python => self.in_python(is_benign)?,
            Makefile => self.with_makefile("", is_benign)?,
            Attacks(program) => self.with_makefile(program, is_benign)?,
            AppendedTo(_) | Additional(_) => self.in_crate(course, is_benign)?,
        };
        let is_crate = matches!(self.form, AppendedTo(_) | Additional(_));
        Ok(Sample { name, lesson: LESSON.to_owned(), files, is_crate, expected })
    }

    fn path(&self) -> PathBuf {
        Path::new("hostile").join(self.file)
    }

    fn text(&self) -> Result<String> {
        let path = paths::root().join("tests").join(self.path());
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    }

    fn in_c(&self, is_benign: bool) -> Result<Files> {
        let mut files = with_includes(&self.path())?;
        let flags = if is_benign { " -DBENIGN" } else { "" };
        add_c(&mut files, LESSON, &self.path(), Recipe::Toml, flags);
        Ok(files)
    }

    fn in_python(&self, is_benign: bool) -> Result<Files> {
        let mut files = with_includes(&self.path())?;
        files.extend(with_includes(Path::new("servers/select_poll.py"))?);
        let settings = if is_benign { "env BENIGN=1 " } else { "" };
        add_python(&mut files, LESSON, &self.path(), settings);
        Ok(files)
    }

    fn with_makefile(&self, program: &str, is_benign: bool) -> Result<Files> {
        let mut files = with_includes(Path::new("servers/linear_scan.c"))?;
        if !program.is_empty() {
            files.extend(with_includes(&Path::new("hostile").join(program).with_extension("c"))?);
        }
        let benign = if is_benign { "BENIGN = 1\n" } else { "" };
        let makefile = format!("{benign}ATTACK = {program}\n{}", self.text()?);
        files.insert("Makefile".into(), plain(&makefile));
        let recipe = format!("lesson = \"{LESSON}\"\nbuild = \"make\"\nrun = \"./server\"\n");
        files.insert("submission.toml".into(), plain(&recipe));
        Ok(files)
    }

    fn in_crate(&self, course: &Course, is_benign: bool) -> Result<Files> {
        let mut files = solution(course, course.lesson(LESSON)?)?;
        let text = self.text()?;
        match self.form {
            AppendedTo(name) => {
                let file = files.get_mut(Path::new(name)).with_context(|| format!("no {name}"))?;
                let mut whole = String::from_utf8_lossy(&file.bytes).into_owned();
                let is_hostile = |line: &&str| line.ends_with("// hostile");
                for line in text.lines().filter(|line| !(is_benign && is_hostile(line))) {
                    whole.push_str(line);
                    whole.push('\n');
                }
                *file = plain(&whole);
            }
            Additional(name) if !is_benign => drop(files.insert(name.into(), plain(&text))),
            _ => {}
        }
        Ok(files)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_hostile_file_has_a_row() {
        let listed: BTreeSet<_> = HOSTILE.iter().map(|row| row.file.to_owned()).collect();
        let folder = paths::root().join("tests/hostile");
        let there: BTreeSet<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| !name.ends_with(".h"))
            .collect();
        assert_eq!(listed, there);
    }

    #[test]
    fn every_hostile_file_states_its_attack_and_its_expected_outcome() {
        for hostile in HOSTILE {
            let text = hostile.text().unwrap();
            assert!(text.contains("Tries: ") && text.contains("Must: "), "{}", hostile.file);
        }
    }

    #[test]
    fn a_twin_differs_from_its_program() {
        let course = Course::open(paths::root()).unwrap();
        for hostile in HOSTILE {
            let [attack, twin] =
                [hostile.sample(&course), hostile.benign_twin(&course)].map(Result::unwrap);
            assert_ne!(attack.files, twin.files, "{}", hostile.file);
        }
    }
}
