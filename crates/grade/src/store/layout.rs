//! The tables of a results file, and how a file is known to be one.

use super::error;
use anyhow::{Result, bail};
use rusqlite::Connection;
use std::path::Path;

/// "prof" in ASCII: what file(1) and we know the file by (sqlite.org/fileformat2.html, offset 68).
const APPLICATION: i32 = 0x7072_6f66;
/// Counts up when the tables, or what is in them, change.
const VERSION: i32 = 3;

const TABLES: &str = "
    CREATE TABLE class (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        name TEXT NOT NULL,
        folder TEXT NOT NULL,    -- where the submissions lie
        lessons TEXT NOT NULL,   -- JSON: [[id, title], …]
        named INTEGER NOT NULL,  -- 1: by --lesson; 0: they are what was handed in
        course TEXT NOT NULL,    -- hash of the lessons and their proofs
        isolation TEXT NOT NULL, -- the box that everything ran in
        shard TEXT,              -- e.g. 3/16; NULL: all of it
        roster TEXT NOT NULL     -- hash of everyone's name, other shards' included
    ) STRICT;
    CREATE TABLE submissions (
        student TEXT PRIMARY KEY,
        path TEXT NOT NULL DEFAULT '',
        digest TEXT,             -- hash of the content
        state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'graded', 'inconclusive')),
        result TEXT              -- JSON: everything that is known
    ) STRICT;
    CREATE INDEX contents ON submissions (digest);
";

/// Makes the tables.
pub(super) fn make(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "application_id", APPLICATION)?;
    connection.pragma_update(None, "user_version", VERSION)?;
    connection.execute_batch(TABLES)
}

/// Whether there are tables in the file; an empty file is none of anybody's yet.
///
/// # Errors
/// A file of another program or another version.
pub(super) fn check(connection: &Connection, path: &Path) -> Result<bool> {
    let number = |name: &str| {
        let read = connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
        read.map_err(|error| error::told(path, error))
    };
    let (application, version) = (number("application_id")?, number("user_version")?);
    let count = "SELECT count(*) FROM sqlite_schema";
    let tables: i64 = connection
        .query_row(count, [], |row| row.get(0))
        .map_err(|error| error::told(path, error))?;
    let path = path.display();
    match (application, version) {
        (0, 0) if tables == 0 => Ok(false),
        (APPLICATION, VERSION) => Ok(true),
        (APPLICATION, older) if older < VERSION => bail!(
            "{path} was written by an older grader (layout {older}, and this one has {VERSION}); \
             choose another --out, or move it away to grade everything anew"
        ),
        (APPLICATION, newer) => bail!(
            "{path} was written by a newer grader (layout {newer}, and this one has {VERSION}); \
             use that one, or choose another --out"
        ),
        _ => bail!("{path} is another program's database; choose another --out"),
    }
}
