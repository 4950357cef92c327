//! Builds what was handed in, in a box.

use crate::intake::Project;
use anyhow::Result;
use course::catalogue::Course;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;
use witness::Tier;

/// Where programs are built, with everything prepared that they have in common.
#[derive(Debug)]
pub struct Workshop {
    folder: PathBuf,
    tier: Tier,
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

impl Workshop {
    /// Prepares what the crates of `lessons` build on, in `folder`, once.
    ///
    /// # Errors
    /// Faults of the machine: no compiler, no room.
    pub fn open(course: &Course, lessons: &[String], folder: &Path, tier: Tier) -> Result<Self> {
        todo!("{} {lessons:?} {} {tier}", course.lessons().len(), folder.display())
    }

    /// Builds `project` for `lesson`, or finds what was built of the same content before. Two threads
    /// that ask for the same content at once build it once.
    ///
    /// # Errors
    /// Faults of the machine; whatever the submission does is in the answer.
    pub fn build(&self, lesson: &str, project: &Project) -> Result<Built> {
        todo!("{lesson} {project:?} {} {}", self.folder.display(), self.tier)
    }
}
