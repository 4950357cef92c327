//! Builds what was handed in, in a box.
//!
//! A lesson's crate is prepared when the first one is handed in ([`prepared`]): the packages that it
//! builds on are compiled, and the compiler's own calls for the lesson are kept. A submission's files are
//! then laid over the pristine ones, and these calls are made again, all in one box: it costs what the
//! compiler takes. A program in another language is copied into the box, and its own command builds it
//! there.
//!
//! What came of a build is kept under the hash of all that went into it, so that the same content is
//! built once, by whomever it was handed in.

mod build_cache;
mod compiler_output;
mod prepared;
mod record;
mod replay;
mod sandboxed;

use crate::intake::{Project, ProjectKind};
use anyhow::Result;
use build_cache::BuildCache;
use course::catalogue::Course;
use prepared::Prepared;
use sandboxed::ended;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use witness::Tier;

/// Where programs are built, with what they have in common prepared.
#[derive(Debug)]
pub struct Builder<'a> {
    course: &'a Course,
    isolation: Tier,
    /// By the lesson's id.
    prepared: Mutex<BTreeMap<String, Arc<Prepared>>>,
    cache: BuildCache,
}

/// A program that is ready to be asked.
#[derive(Clone, Debug)]
pub struct Program {
    /// The program and its arguments.
    pub command: Vec<OsString>,
    /// The folder that it runs in.
    pub directory: PathBuf,
    /// What it must see of this machine.
    pub visible: Vec<PathBuf>,
    /// The port built into it.
    pub port: Option<u16>,
    /// The number of slots built into it.
    pub capacity: Option<usize>,
}

/// What became of a build.
#[derive(Clone, Debug)]
pub struct Built {
    /// Its wall time; zero where the same content was built before, or nothing was to be built.
    pub elapsed: Duration,
    /// Whether there was anything to build.
    pub was_needed: bool,
    /// The program, or the compiler's own words where there is none.
    pub result: Result<Program, String>,
}

impl<'a> Builder<'a> {
    /// One whose programs go to `folder`.
    ///
    /// # Errors
    /// There can be no such folder.
    pub fn open(course: &'a Course, folder: &Path, isolation: Tier) -> Result<Self> {
        Ok(Self { course, isolation, prepared: Mutex::default(), cache: BuildCache::open(folder)? })
    }

    /// Prepares what `project` needs to be built, if that has not been done: a crate the packages that
    /// the lesson's builds on, a program in another language nothing.
    ///
    /// # Errors
    /// Faults of the machine, which every such project would meet: no compiler, no room.
    pub fn prepare(&self, lesson: &str, project: &Project) -> Result<()> {
        match project.kind {
            ProjectKind::Crate => self.prepared(lesson).map(drop),
            ProjectKind::Program { .. } => Ok(()),
        }
    }

    /// Builds `project` for `lesson`, or finds what was built of the same content before. Two threads
    /// that ask for the same content at once build it once.
    ///
    /// # Errors
    /// Faults of the machine; whatever the submission does is in the answer.
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
        let mut prepared = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
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
        self.cache.get_or_build(&key, true, name, |entry| {
            let sources = self.cache.scratch()?;
            let call = replay::lay(&prepared, &project.files, sources.path())?;
            let visible = vec![
                prepared.sysroot.clone(),
                prepared.libraries.clone(),
                sources.path().to_path_buf(),
            ];
            let finished = sandboxed::run(&call.script, &[], visible, self.isolation)?;
            if let Some(why) = ended(&finished) {
                return Ok(Some(compiler_output::of_compiler(
                    &why,
                    &finished.output,
                    &prepared.package,
                )));
            }
            entry.take(&finished, &call.program, name)
        })
    }

    fn build_program(
        &self,
        project: &Project,
        build: Option<&[String]>,
        run: &[String],
    ) -> Result<Built> {
        let was_needed = build.is_some();
        let own = match own_file(run) {
            Ok(own) => own,
            Err(why) => {
                return Ok(Built { elapsed: Duration::ZERO, was_needed, result: Err(why) });
            }
        };
        let own = own.as_path();
        self.cache.get_or_build(&project.digest, was_needed, own, |entry| {
            let Some(build) = build else {
                return entry.fill(&project.files).map(|()| None);
            };
            let sources = self.cache.scratch()?;
            build_cache::write_all(sources.path(), &project.files)?;
            let script = replay::copied(sources.path())?;
            let visible = vec![sources.path().to_path_buf()];
            let finished = sandboxed::run(&script, build, visible, self.isolation)?;
            if let Some(why) = ended(&finished) {
                return Ok(Some(compiler_output::of_command(&why, &finished.output)));
            }
            entry.take_all(&finished, own)
        })
    }
}

/// The project's own file that a command runs; empty where it runs a program of the system.
fn own_file(run: &[String]) -> Result<PathBuf, String> {
    let name = run.first().map_or("", String::as_str);
    let path = Path::new(name);
    if path.components().any(|part| part == Component::ParentDir) {
        return Err(format!("{name} is not in the submission; name a file of it, e.g. ./server"));
    }
    match name.contains('/') {
        true if path.is_relative() => Ok(path.to_path_buf()),
        true => Ok(PathBuf::new()),
        false if sandboxed::has(name) => Ok(PathBuf::new()),
        false => Err(format!("there is no program {name}; for a file of yours write ./{name}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(name: &str) -> Result<PathBuf, String> {
        own_file(&[name.to_owned()])
    }

    #[test]
    fn a_file_of_the_project_is_told_from_a_program_of_the_system() {
        assert_eq!(own("./bin/server").unwrap(), Path::new("./bin/server"));
        assert_eq!(own("sh").unwrap(), Path::new(""));
        assert_eq!(own("/bin/sh").unwrap(), Path::new(""));
        for name in ["../server", "a/../../b", "no-such-program"] {
            assert!(own(name).is_err(), "{name}");
        }
    }
}
