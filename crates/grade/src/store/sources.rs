//! The source files of the submissions, which are compared for near copies.

use super::Store;
use crate::similarity::Source;
use anyhow::Result;
use rusqlite::Connection;

impl Store {
    /// Replaces the source files of one student.
    ///
    /// # Errors
    /// The database cannot be written. The earlier files remain.
    pub fn save_sources(&mut self, student: &str, sources: &[Source]) -> Result<()> {
        let saved = save(&mut self.connection, student, sources);
        self.explain(saved)
    }

    /// The source files of all students who are not gone, by student, lesson and path.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn sources(&self) -> Result<Vec<Source>> {
        let query = "SELECT student, lesson, sources.path, text FROM sources \
                     JOIN submissions USING (student) WHERE NOT gone \
                     ORDER BY student, lesson, sources.path";
        let rows = || -> rusqlite::Result<Vec<Source>> {
            let mut statement = self.connection.prepare(query)?;
            let rows = statement.query_map([], |row| {
                let (student, lesson) = (row.get(0)?, row.get(1)?);
                Ok(Source { student, lesson, path: row.get(2)?, text: row.get(3)? })
            })?;
            rows.collect()
        };
        self.explain(rows())
    }
}

fn save(connection: &mut Connection, student: &str, sources: &[Source]) -> rusqlite::Result<()> {
    let all = connection.transaction()?;
    all.execute("DELETE FROM sources WHERE student = ?1", [student])?;
    for Source { student, lesson, path, text } in sources {
        let insert = "INSERT OR REPLACE INTO sources VALUES (?1, ?2, ?3, ?4)";
        all.execute(insert, [student, lesson, path, text])?;
    }
    all.commit()
}
