//! Builds submissions in a sandbox.
//!
//! A lesson's crate is prepared before its first submission is built ([`prepared`]): the packages
//! that it depends on are compiled, and cargo's calls of the compiler are recorded. For each
//! submission, the submission's files replace files of the original crate, and the recorded calls
//! are repeated in a sandbox. Such a build takes only as long as the compiler needs. A program in
//! another language is copied into the sandbox, and its own command builds it there.
//!
//! The result of a build is cached under the hash of the build's inputs. Therefore each content is
//! built once, even if several students hand in the same content.

mod build_cache;
mod compiler_output;
mod files;
mod prepared;
mod record;
mod replay;
mod sandboxed;

use crate::conditions::Conditions;
use crate::intake::{Project, ProjectKind};
use crate::locks::lock;
use anyhow::Result;
use build_cache::BuildCache;
use course::catalogue::Course;
use prepared::Prepared;
use sandboxed::failure_of;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Builds programs, with a cache of the results.
#[derive(Debug)]
pub struct Builder<'a> {
    course: &'a Course,
    conditions: Conditions,
    /// The prepared crates, by the lesson's id.
    prepared: Mutex<BTreeMap<String, Arc<Prepared>>>,
    cache: BuildCache,
}

/// A program that is ready to run.
#[derive(Clone, Debug)]
pub struct Program {
    /// The program and its arguments.
    pub command: Vec<OsString>,
    /// The working directory.
    pub directory: PathBuf,
    /// The files and folders of this machine that the program needs.
    pub visible: Vec<PathBuf>,
    /// The files and folders of this machine that the program cannot see.
    pub hidden: Vec<PathBuf>,
    /// The fixed port of a program that does not read PORT.
    pub port: Option<u16>,
    /// The fixed number of slots of a program that does not read MAX_CLIENTS.
    pub capacity: Option<usize>,
}

/// The result of a build.
#[derive(Clone, Debug)]
pub struct Built {
    /// The wall time of the build. It is zero if the same content was built before, or if nothing
    /// had to be built.
    pub elapsed: Duration,
    /// Whether there was anything to build.
    pub was_needed: bool,
    /// The program. If there is no program, the error is the compiler's output.
    pub result: Result<Program, String>,
}

impl<'a> Builder<'a> {
    /// A builder that stores its programs in `folder`.
    ///
    /// # Errors
    /// The folder cannot be created.
    pub fn open(course: &'a Course, folder: &Path, conditions: &Conditions) -> Result<Self> {
        let (conditions, cache) = (conditions.clone(), BuildCache::open(folder)?);
        Ok(Self { course, conditions, prepared: Mutex::default(), cache })
    }

    /// Prepares the build of `project`: compiles the packages that the lesson's crate depends on.
    /// These packages are compiled once for each lesson. A program in another language needs no
    /// preparation.
    ///
    /// # Errors
    /// The machine has no compiler or no disk space, so no such project can be built.
    pub fn prepare(&self, lesson: &str, project: &Project) -> Result<()> {
        match project.kind {
            ProjectKind::Crate => self.prepared(lesson).map(drop),
            ProjectKind::Program { .. } => Ok(()),
        }
    }

    /// Builds `project` for `lesson`, or finds the earlier result for the same content. If two
    /// threads need the same content at the same time, one thread builds the content and the other
    /// thread waits for the result.
    ///
    /// # Errors
    /// The machine fails. A fault of the submission is not an error: it is in the result.
    pub fn build(&self, lesson: &str, project: &Project) -> Result<Built> {
        match &project.kind {
            ProjectKind::Crate => self.build_crate(lesson, project),
            ProjectKind::Program { build, run, port, capacity } => {
                sandboxed::check_tools(build.iter().chain([run]))?;
                let mut built = self.build_program(project, build.as_deref(), run)?;
                built.result = built.result.map(|program| Program {
                    command: run.iter().map(OsString::from).collect(),
                    port: *port,
                    capacity: *capacity,
                    ..program
                });
                Ok(built)
            }
        }
    }

    fn prepared(&self, lesson: &str) -> Result<Arc<Prepared>> {
        let mut prepared = lock(&self.prepared);
        if let Some(ready) = prepared.get(lesson) {
            return Ok(Arc::clone(ready));
        }
        let ready = Arc::new(Prepared::open(self.course, self.course.lesson(lesson)?)?);
        prepared.insert(lesson.to_owned(), Arc::clone(&ready));
        Ok(ready)
    }

    fn build_crate(&self, lesson: &str, project: &Project) -> Result<Built> {
        let prepared = self.prepared(lesson)?;
        let key = format!("{}-{}", &project.digest[..32], prepared.digest);
        let name = Path::new(&prepared.package);
        let built = self.cache.get_or_build(&key, true, name, |entry| {
            let sources = self.cache.scratch()?;
            let call = replay::overlay(&prepared, &project.files, sources.path())?;
            let visible = vec![
                prepared.sysroot.clone(),
                prepared.libraries.clone(),
                sources.path().to_path_buf(),
            ];
            let finished = sandboxed::run(&call.script, &[], visible, &self.conditions)?;
            if let Some(why) = failure_of(&finished) {
                return Ok(Some(compiler_output::of_compiler(
                    &why,
                    &finished.output,
                    &prepared.package,
                )));
            }
            entry.add_output(&finished, &call.program, name)
        });
        Ok(self.with_hidden(built?))
    }

    fn with_hidden(&self, mut built: Built) -> Built {
        if let Ok(program) = &mut built.result {
            program.hidden.clone_from(&self.conditions.hidden);
        }
        built
    }

    fn build_program(
        &self,
        project: &Project,
        build: Option<&[String]>,
        run: &[String],
    ) -> Result<Built> {
        let was_needed = build.is_some();
        let own = match own_file(run, &self.conditions) {
            Ok(own) => own,
            Err(why) => {
                return Ok(Built { elapsed: Duration::ZERO, was_needed, result: Err(why) });
            }
        };
        let own = own.as_path();
        let built = self.cache.get_or_build(&project.digest, was_needed, own, |entry| {
            let Some(build) = build else {
                return entry.add(&project.files).map(|()| None);
            };
            let sources = self.cache.scratch()?;
            files::write_all(sources.path(), &project.files)?;
            let script = replay::copy_script(sources.path())?;
            let visible = vec![sources.path().to_path_buf()];
            let finished = sandboxed::run(&script, build, visible, &self.conditions)?;
            if let Some(why) = failure_of(&finished) {
                return Ok(Some(compiler_output::of_command(&why, &finished.output)));
            }
            entry.add_all_outputs(&finished, own)
        });
        Ok(self.with_hidden(built?))
    }
}

/// The path of the project's file that a command runs. The path is empty if the command runs a
/// program of the system. A program that the conditions hide is refused.
fn own_file(run: &[String], conditions: &Conditions) -> Result<PathBuf, String> {
    let name = run.first().map_or("", String::as_str);
    let path = Path::new(name);
    if path.components().any(|part| part == Component::ParentDir) {
        return Err(format!(
            "{name} is not in the submission; name a file of the submission, e.g. ./server"
        ));
    }
    if sandboxed::candidates(name).iter().any(|path| conditions.hides(path)) {
        return Err(format!(
            "{name} is a server that is installed on the grader's machine; hand in your own server"
        ));
    }
    match name.contains('/') {
        true if path.is_relative() => Ok(path.to_path_buf()),
        true => Ok(PathBuf::new()),
        false if sandboxed::has(name) => Ok(PathBuf::new()),
        false => {
            Err(format!("there is no program {name}; for a file of the submission write ./{name}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use witness::IsolationLevel;

    fn own(name: &str) -> Result<PathBuf, String> {
        let (hidden, budget) = (vec![PathBuf::from("/usr/bin/env")], Duration::ZERO);
        let conditions = Conditions { isolation: IsolationLevel::None, hidden, budget };
        own_file(&[name.to_owned()], &conditions)
    }

    #[test]
    fn a_hidden_program_of_the_system_is_refused() {
        for name in ["env", "/usr/bin/env", "/bin/env"] {
            assert!(own(name).unwrap_err().contains("installed on the grader's machine"), "{name}");
        }
    }

    #[test]
    fn a_file_of_the_project_is_distinguished_from_a_program_of_the_system() {
        assert_eq!(own("./bin/server").unwrap(), Path::new("./bin/server"));
        assert_eq!(own("sh").unwrap(), Path::new(""));
        assert_eq!(own("/bin/sh").unwrap(), Path::new(""));
        for name in ["../server", "a/../../b", "no-such-program"] {
            assert!(own(name).is_err(), "{name}");
        }
    }
}
