//! How a submission was handed in: its files, its time, and what its author may do later than
//! others.

use serde::{Deserialize, Serialize};

/// What became of the files of a submission.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileReport {
    /// The files of each lesson, in the course's order.
    pub lessons: Vec<LessonFiles>,
    /// The files that no lesson uses. Many files of one folder are one row.
    pub ignored: Vec<IgnoredFile>,
}

/// The files of one lesson.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LessonFiles {
    /// The lesson's id.
    pub lesson: String,
    /// The files of the submission that are built, e.g. `src/server.rs`, or `server (1).rs as
    /// src/server.rs`.
    pub used: Vec<String>,
    /// The files of the lesson's crate that the submission lacks. The starter's files are built in
    /// place of them. Empty for a program in another language.
    pub filled_in: Vec<String>,
}

/// A file, or the files of a folder, that no lesson uses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IgnoredFile {
    /// The path, e.g. `notes.txt` or `crates/ (40 files)`.
    pub path: String,
    /// Why it is not used.
    pub why: String,
}

/// The student's id and e-mail address, from the roster or the platform. A text is empty if it is not
/// known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The id.
    pub id: String,
    /// The e-mail address.
    pub email: String,
}

/// When a submission was handed in, and how this is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandInTime {
    /// The time in seconds since 1970.
    pub seconds: i64,
    /// How the time is known.
    pub source: TimeSource,
}

/// How the time of a submission is known. The modification times of files are no source: they are
/// set by whoever packs or copies the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeSource {
    /// The instructor's file of times, `--submitted`.
    TimesFile,
    /// The platform's metadata.
    Platform,
    /// The time of the commit that HEAD names, in a clone.
    Commit,
}

impl TimeSource {
    /// The source in words, for reports.
    pub fn name(self) -> &'static str {
        match self {
            TimeSource::TimesFile => "from the file of times",
            TimeSource::Platform => "from the platform",
            TimeSource::Commit => "time of the commit",
        }
    }
}

/// How much later than others a student may hand in, from the roster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowance {
    /// The student's own due time.
    pub extension: Option<Extension>,
    /// The number of days after the due time that cost no points.
    pub late_days: u32,
}

/// A student's own due time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Extension {
    /// A time in seconds since 1970. It has no effect on a lesson that is due later.
    Until(i64),
    /// A number of seconds after the due time of each lesson.
    By(i64),
}

impl Allowance {
    /// The student's own due time for a lesson that is due at `due`. Times are in seconds since
    /// 1970.
    pub fn extended(&self, due: i64) -> i64 {
        match self.extension {
            Some(Extension::Until(time)) => due.max(time),
            Some(Extension::By(seconds)) => due.saturating_add(seconds.max(0)),
            None => due,
        }
    }
}
