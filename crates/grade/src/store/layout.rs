//! The tables of a file of results, and how the grader recognizes such a file.

use super::error;
use anyhow::{Result, bail};
use rusqlite::Connection;
use std::path::Path;

/// The application id of the file: "prof" in ASCII (sqlite.org/fileformat2.html, offset 68).
const APPLICATION: i32 = 0x7072_6f66;
/// The version of the layout. It is increased when the tables or the meaning of their contents
/// change.
const VERSION: i32 = 4;

const TABLES: &str = "
    CREATE TABLE class (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        name TEXT NOT NULL,
        folder TEXT NOT NULL,    -- path of the folder with the submissions
        lessons TEXT NOT NULL,   -- JSON: [[id, title], …]
        named INTEGER NOT NULL,  -- 1: --lesson named the lessons; 0: they were handed in
        course TEXT NOT NULL,    -- hash of the lessons and their proofs
        isolation TEXT NOT NULL, -- the isolation level
        shard TEXT,              -- e.g. 3/16; NULL: the whole class
        roster TEXT NOT NULL     -- hash of all names, including other shards
    ) STRICT;
    CREATE TABLE submissions (
        student TEXT PRIMARY KEY,
        path TEXT NOT NULL DEFAULT '',
        digest TEXT,             -- hash of the content
        state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'graded', 'inconclusive')),
        result TEXT,             -- JSON: the submission's results
        gone INTEGER NOT NULL DEFAULT 0 -- 1: not among the submissions of the last run
    ) STRICT;
    CREATE TABLE sources (       -- the source files that are compared for near copies
        student TEXT NOT NULL,
        lesson TEXT NOT NULL,
        path TEXT NOT NULL,      -- in the submission
        text TEXT NOT NULL,
        PRIMARY KEY (student, lesson, path)
    ) STRICT;
    CREATE TABLE settings (      -- what the reports of the last run were written with
        name TEXT PRIMARY KEY,   -- rubric or overrides
        file TEXT NOT NULL,      -- the file's path, as it was given
        value TEXT NOT NULL      -- JSON: the file's content
    ) STRICT;
    CREATE INDEX contents ON submissions (digest);
";

/// Creates the tables in an empty file.
pub(super) fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "application_id", APPLICATION)?;
    connection.pragma_update(None, "user_version", VERSION)?;
    connection.execute_batch(TABLES)
}

/// Whether the file has the tables. A new and empty file has no tables yet.
///
/// # Errors
/// The file is from another program or another version.
pub(super) fn check(connection: &Connection, path: &Path) -> Result<bool> {
    let number = |name: &str| {
        let read = connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
        read.map_err(|error| error::explain(path, error))
    };
    let (application, version) = (number("application_id")?, number("user_version")?);
    let count = "SELECT count(*) FROM sqlite_schema";
    let tables: i64 = connection
        .query_row(count, [], |row| row.get(0))
        .map_err(|error| error::explain(path, error))?;
    let path = path.display();
    match (application, version) {
        (0, 0) if tables == 0 => Ok(false),
        (APPLICATION, VERSION) => Ok(true),
        (APPLICATION, older) if older < VERSION => bail!(
            "{path} was written by an older grader (layout {older}, and this one has {VERSION}); \
             choose another --out, or move the file away and grade everything again"
        ),
        (APPLICATION, newer) => bail!(
            "{path} was written by a newer grader (layout {newer}, and this one has {VERSION}); \
             use that grader, or choose another --out"
        ),
        _ => bail!("{path} is another program's database; choose another --out"),
    }
}
