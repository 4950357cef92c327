//! The results of a class in one SQLite file. Each submission is saved in a transaction of its own.
//!
//! The file has a rollback journal. A write-ahead log would need shared memory, which does not work
//! on a network file system (sqlite.org/wal.html). A grader that writes holds the file's lock until
//! it ends. If it is killed, the results that it saved before remain.

mod error;
mod layout;
mod registration;
mod run_info;
mod settings;
mod sources;

pub use run_info::{FILE, RunInfo};
pub use settings::Setting;

use crate::model::{Submission, Verdict};
use anyhow::{Context, Result};
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, TransactionBehavior, params};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The results of a class.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    path: PathBuf,
    /// What [`Self::previous`] returns.
    previous: Option<RunInfo>,
}

/// The state of a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not graded yet.
    Waiting,
    /// Graded. The result stays valid as long as the content of the submission does not change.
    Graded,
    /// At least one lesson could not be graded. The submission is graded again.
    Inconclusive,
}

impl State {
    /// The state of a submission that has results.
    pub fn of(submission: &Submission) -> Self {
        let mut lessons = submission.lessons.iter();
        match lessons.any(|lesson| lesson.verdict == Verdict::Inconclusive) {
            true => State::Inconclusive,
            false => State::Graded,
        }
    }

    fn name(self) -> &'static str {
        match self {
            State::Waiting => "waiting",
            State::Graded => "graded",
            State::Inconclusive => "inconclusive",
        }
    }
}

/// The timeout of a wait for the file's lock, which another program may hold, e.g. a program that
/// reads the results.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);

impl Store {
    /// Opens the results of the class for writing, and creates the file if there is none. With
    /// `again`, all earlier results are deleted. Without `again`, [`run_info`](Self::run_info) then
    /// returns the lessons of `run_info` and the lessons of the earlier runs.
    ///
    /// # Errors
    /// The file is not from this grader, belongs to another class or version, is in use, or cannot
    /// be written. The file is then unchanged.
    pub fn open(path: &Path, run_info: &RunInfo, again: bool) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let mut store = Self::connect(path, flags)?;
        store.claim(run_info, again)?;
        Ok(store)
    }

    /// Opens the results of a class for reading.
    ///
    /// # Errors
    /// The file does not exist, is not from this grader, or is from another version.
    pub fn read(path: &Path) -> Result<Self> {
        if !path.is_file() {
            let folder = path.parent().unwrap_or(path).display();
            anyhow::bail!("{folder} has no {FILE}; give the --out folder of a `cargo xtask grade`");
        }
        // The file is not opened read-only, because SQLite may have to roll back a transaction of a
        // grader that was killed.
        let store = Self::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let checked = layout::check(&store.connection, path)?;
        anyhow::ensure!(checked, "{} is empty: nothing was graded into it", path.display());
        Ok(store)
    }

    fn connect(path: &Path, flags: OpenFlags) -> Result<Self> {
        let connection = Connection::open_with_flags(path, flags);
        let connection = connection.map_err(|error| error::explain(path, error))?;
        let store = Self { connection, path: path.to_owned(), previous: None };
        store.explain(store.connection.busy_timeout(LOCK_TIMEOUT))?;
        Ok(store)
    }

    /// Acquires the file's lock, and holds the lock until the store is dropped. Checks that the
    /// file's results belong to the `wanted` run.
    fn claim(&mut self, wanted: &RunInfo, again: bool) -> Result<()> {
        let path = self.path.clone();
        let wrap = |error| error::explain(&path, error);
        self.connection.pragma_update(None, "locking_mode", "EXCLUSIVE").map_err(wrap)?;
        // In exclusive mode, SQLite keeps the lock after the transaction (sqlite.org/pragma.html,
        // locking_mode).
        let claim = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let claim = claim.map_err(wrap)?;
        let mut run_info = wanted.clone();
        if layout::check(&claim, &path)? {
            let known = RunInfo::read(&claim).map_err(wrap)?;
            run_info = known.joined(wanted, again).with_context(|| path.display().to_string())?;
            match again {
                true => drop(claim.execute("DELETE FROM submissions", []).map_err(wrap)?),
                false => self.previous = Some(known),
            }
        } else {
            layout::create(&claim).map_err(wrap)?;
        }
        run_info.write(&claim).map_err(wrap)?;
        claim.commit().map_err(wrap)
    }

    /// The class, the lessons and the versions that the results belong to.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn run_info(&self) -> Result<RunInfo> {
        self.explain(RunInfo::read(&self.connection))
    }

    /// The run info that the file had when it was opened. `None` if the file was new, or if its
    /// results were deleted.
    pub fn previous(&self) -> Option<&RunInfo> {
        self.previous.as_ref()
    }

    /// Registers the submissions by the student's name and the path. A new submission is waiting
    /// until it is graded. A waiting submission that is not in the list any more is deleted. The
    /// results of a graded submission that is not in the list any more are kept, but they are not in
    /// [`submissions`](Self::submissions) until the submission comes back.
    ///
    /// Returns the names of the students whose results were left out by this call.
    ///
    /// # Errors
    /// The database cannot be written. It is then unchanged.
    pub fn register(&mut self, submissions: &[(String, String)]) -> Result<Vec<String>> {
        let registered = registration::register(&mut self.connection, submissions);
        self.explain(registered)
    }

    /// Saves the results of one submission. They replace its earlier results in one transaction.
    ///
    /// # Errors
    /// The database cannot be written, most often because the disk is full. The earlier results
    /// remain.
    pub fn save(&self, submission: &Submission) -> Result<()> {
        self.explain(save(&self.connection, submission))
    }

    /// Replaces all results by these, each with the path of its submission.
    ///
    /// # Errors
    /// The database cannot be written. The earlier results remain.
    pub fn replace(&mut self, results: &[(&str, &Submission)]) -> Result<()> {
        let replaced = replace(&mut self.connection, results);
        self.explain(replaced)
    }

    /// The results of a student's submission, if it was graded.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn find(&self, student: &str) -> Result<Option<Submission>> {
        let query = "SELECT result FROM submissions WHERE student = ?1 AND result IS NOT NULL";
        self.query_one(query, student)
    }

    /// A submission with this content whose results are final.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn find_content(&self, digest: &str) -> Result<Option<Submission>> {
        let query = "SELECT result FROM submissions WHERE digest = ?1 AND state = 'graded' \
                     ORDER BY student LIMIT 1";
        self.query_one(query, digest)
    }

    /// The results of all submissions that were graded, ordered by the student's name. Students who
    /// are gone are left out.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn submissions(&self) -> Result<Vec<Submission>> {
        let query = "SELECT result FROM submissions WHERE result IS NOT NULL AND NOT gone \
                     ORDER BY student";
        let texts: Vec<String> = self.query_all(query)?;
        texts.iter().map(|text| self.parse(text)).collect()
    }

    /// The student's name and the path of all registered submissions, graded or not. Students who are
    /// gone are left out.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn list(&self) -> Result<Vec<(String, String)>> {
        let query = "SELECT student, path FROM submissions WHERE NOT gone ORDER BY student";
        let rows = || -> rusqlite::Result<Vec<_>> {
            let mut statement = self.connection.prepare(query)?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        };
        self.explain(rows())
    }

    /// The names of the students whose submissions are not graded yet.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn waiting(&self) -> Result<Vec<String>> {
        self.query_all("SELECT student FROM submissions WHERE state = 'waiting' ORDER BY student")
    }

    fn query_one(&self, query: &str, key: &str) -> Result<Option<Submission>> {
        let text = |row: &Row<'_>| row.get::<_, String>(0);
        let found = self.connection.query_row(query, [key], text).optional();
        self.explain(found)?.map(|text| self.parse(&text)).transpose()
    }

    fn query_all(&self, query: &str) -> Result<Vec<String>> {
        let rows = || -> rusqlite::Result<Vec<String>> {
            let mut statement = self.connection.prepare(query)?;
            statement.query_map([], |row| row.get(0))?.collect()
        };
        self.explain(rows())
    }

    fn parse(&self, text: &str) -> Result<Submission> {
        let context = || format!("{}: a saved result cannot be read", self.path.display());
        serde_json::from_str(text).with_context(context)
    }

    /// Adds the file's name and the next step to an error.
    fn explain<T>(&self, result: rusqlite::Result<T>) -> Result<T> {
        result.map_err(|error| error::explain(&self.path, error))
    }
}

fn save(connection: &Connection, submission: &Submission) -> rusqlite::Result<()> {
    let result = serde_json::to_string(submission)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    let state = State::of(submission).name();
    connection.execute(
        "INSERT INTO submissions (student, digest, state, result) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (student) DO UPDATE SET \
         digest = excluded.digest, state = excluded.state, result = excluded.result",
        params![submission.student, submission.digest, state, result],
    )?;
    Ok(())
}

fn replace(connection: &mut Connection, results: &[(&str, &Submission)]) -> rusqlite::Result<()> {
    let all = connection.transaction()?;
    all.execute("DELETE FROM submissions", [])?;
    for (path, submission) in results {
        save(&all, submission)?;
        let update = "UPDATE submissions SET path = ?1 WHERE student = ?2";
        all.execute(update, [*path, &submission.student])?;
    }
    all.commit()
}

#[cfg(test)]
mod tests;
