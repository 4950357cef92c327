//! The results of a class in one SQLite file, a transaction for each submission.
//!
//! The file has a rollback journal, not a write-ahead log, which would take memory that a network file
//! system cannot share (sqlite.org/wal.html). Whoever writes holds its lock to the end, and a kill at
//! any moment leaves what was kept before.

mod error;
mod layout;
mod run_info;

pub use run_info::{FILE, RunInfo};

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
    before: Option<RunInfo>,
}

/// How far a submission is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not graded yet.
    Waiting,
    /// Graded, for good as long as its content is the same.
    Graded,
    /// A part of it could not be graded; to be tried again.
    Inconclusive,
}

impl State {
    /// How far `submission` is now.
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

/// How long another program, a reader's say, may hold the file.
const PATIENCE: Duration = Duration::from_secs(2);

impl Store {
    /// Opens the results of this class for writing, and makes them where there are none. With `again`,
    /// what was graded before is forgotten. What [`run_info`](Self::run_info) says then may have more lessons:
    /// those of before.
    ///
    /// # Errors
    /// A file that is not ours, of another class or version, in use, or that cannot be written;
    /// nothing is changed then.
    pub fn open(path: &Path, run_info: &RunInfo, again: bool) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let mut store = Self::connect(path, flags)?;
        store.claim(run_info, again)?;
        Ok(store)
    }

    /// Opens the results of a class to be read.
    ///
    /// # Errors
    /// No such file, one that is not ours, or of another version.
    pub fn read(path: &Path) -> Result<Self> {
        if !path.is_file() {
            let folder = path.parent().unwrap_or(path).display();
            anyhow::bail!("{folder} holds no {FILE}; name the --out of a `cargo xtask grade`");
        }
        // Not read-only: what a kill has left half written is undone first.
        let store = Self::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let checked = layout::check(&store.connection, path)?;
        anyhow::ensure!(checked, "{} is empty: nothing was graded into it", path.display());
        Ok(store)
    }

    fn connect(path: &Path, flags: OpenFlags) -> Result<Self> {
        let connection = Connection::open_with_flags(path, flags);
        let connection = connection.map_err(|error| error::told(path, error))?;
        let store = Self { connection, path: path.to_owned(), before: None };
        store.told(store.connection.busy_timeout(PATIENCE))?;
        Ok(store)
    }

    /// Takes the file's lock until the end, and makes sure that it is about the same.
    fn claim(&mut self, wanted: &RunInfo, again: bool) -> Result<()> {
        let path = self.path.clone();
        let wrap = |error| error::told(&path, error);
        self.connection.pragma_update(None, "locking_mode", "EXCLUSIVE").map_err(wrap)?;
        let claim = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let claim = claim.map_err(wrap)?;
        let mut run_info = wanted.clone();
        if layout::check(&claim, &path)? {
            let known = RunInfo::read(&claim).map_err(wrap)?;
            run_info = known.joined(wanted, again).with_context(|| path.display().to_string())?;
            match again {
                true => drop(claim.execute("DELETE FROM submissions", []).map_err(wrap)?),
                false => self.before = Some(known),
            }
        } else {
            layout::make(&claim).map_err(wrap)?;
        }
        run_info.write(&claim).map_err(wrap)?;
        claim.commit().map_err(wrap)
    }

    /// What the results are about.
    ///
    /// # Errors
    /// The database's own.
    pub fn run_info(&self) -> Result<RunInfo> {
        self.told(RunInfo::read(&self.connection))
    }

    /// What the results were about when they were opened; `None` where there were none.
    pub fn before(&self) -> Option<&RunInfo> {
        self.before.as_ref()
    }

    /// Notes who has handed in, by name and path: each is waiting until it is graded. Whoever was
    /// waiting and is not among them any more is forgotten.
    ///
    /// # Errors
    /// The database's own; nothing is changed then.
    pub fn enlist(&mut self, handed: &[(String, String)]) -> Result<()> {
        let enlisted = enlist(&mut self.connection, handed);
        self.told(enlisted)
    }

    /// Keeps one submission's results, in place of what there was: all of it or nothing.
    ///
    /// # Errors
    /// The database's own, a full disk above all; what was kept before stays.
    pub fn keep(&self, submission: &Submission) -> Result<()> {
        self.told(keep(&self.connection, submission))
    }

    /// Keeps these results, each with its path, and no others.
    ///
    /// # Errors
    /// The database's own; what was kept before stays then.
    pub fn replace(&mut self, results: &[(&str, &Submission)]) -> Result<()> {
        let replaced = replace(&mut self.connection, results);
        self.told(replaced)
    }

    /// What is known of a student's submission, if it was graded.
    ///
    /// # Errors
    /// The database's own.
    pub fn find(&self, student: &str) -> Result<Option<Submission>> {
        let query = "SELECT result FROM submissions WHERE student = ?1 AND result IS NOT NULL";
        self.one(query, student)
    }

    /// A submission with this content that was graded for good.
    ///
    /// # Errors
    /// The database's own.
    pub fn find_content(&self, digest: &str) -> Result<Option<Submission>> {
        let query = "SELECT result FROM submissions WHERE digest = ?1 AND state = 'graded' \
                     ORDER BY student LIMIT 1";
        self.one(query, digest)
    }

    /// All that was graded, by name.
    ///
    /// # Errors
    /// The database's own.
    pub fn submissions(&self) -> Result<Vec<Submission>> {
        let query = "SELECT result FROM submissions WHERE result IS NOT NULL ORDER BY student";
        let texts: Vec<String> = self.all(query)?;
        texts.iter().map(|text| self.parse(text)).collect()
    }

    /// Everyone's name and path, graded or not.
    ///
    /// # Errors
    /// The database's own.
    pub fn list(&self) -> Result<Vec<(String, String)>> {
        let query = "SELECT student, path FROM submissions ORDER BY student";
        let rows = || -> rusqlite::Result<Vec<_>> {
            let mut statement = self.connection.prepare(query)?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        };
        self.told(rows())
    }

    /// The names of those that are not graded yet.
    ///
    /// # Errors
    /// The database's own.
    pub fn waiting(&self) -> Result<Vec<String>> {
        self.all("SELECT student FROM submissions WHERE state = 'waiting' ORDER BY student")
    }

    fn one(&self, query: &str, key: &str) -> Result<Option<Submission>> {
        let text = |row: &Row<'_>| row.get::<_, String>(0);
        let found = self.connection.query_row(query, [key], text).optional();
        self.told(found)?.map(|text| self.parse(&text)).transpose()
    }

    fn all(&self, query: &str) -> Result<Vec<String>> {
        let rows = || -> rusqlite::Result<Vec<String>> {
            let mut statement = self.connection.prepare(query)?;
            statement.query_map([], |row| row.get(0))?.collect()
        };
        self.told(rows())
    }

    fn parse(&self, text: &str) -> Result<Submission> {
        let place = || format!("{}: a result that cannot be read", self.path.display());
        serde_json::from_str(text).with_context(place)
    }

    fn told<T>(&self, result: rusqlite::Result<T>) -> Result<T> {
        result.map_err(|error| error::told(&self.path, error))
    }
}

fn enlist(connection: &mut Connection, handed: &[(String, String)]) -> rusqlite::Result<()> {
    let list = connection.transaction()?;
    list.execute("DELETE FROM submissions WHERE state = 'waiting'", [])?;
    for (student, path) in handed {
        list.execute(
            "INSERT INTO submissions (student, path) VALUES (?1, ?2) \
             ON CONFLICT (student) DO UPDATE SET path = excluded.path",
            [student, path],
        )?;
    }
    list.commit()
}

fn keep(connection: &Connection, submission: &Submission) -> rusqlite::Result<()> {
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
        keep(&all, submission)?;
        let update = "UPDATE submissions SET path = ?1 WHERE student = ?2";
        all.execute(update, [*path, &submission.student])?;
    }
    all.commit()
}

#[cfg(test)]
mod tests;
