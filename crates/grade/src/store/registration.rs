//! Which submissions belong to the class now. The results of those that are gone are kept, but they
//! are not in the reports.

use rusqlite::Connection;

/// Registers the submissions by the student's name and the path, and returns the names of the
/// students whose results are left out from now on.
pub(super) fn register(
    connection: &mut Connection,
    submissions: &[(String, String)],
) -> rusqlite::Result<Vec<String>> {
    let list = connection.transaction()?;
    list.execute("DELETE FROM submissions WHERE state = 'waiting'", [])?;
    let before: Vec<String> = list
        .prepare("SELECT student FROM submissions WHERE NOT gone ORDER BY student")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    list.execute("UPDATE submissions SET gone = 1", [])?;
    for (student, path) in submissions {
        list.execute(
            "INSERT INTO submissions (student, path) VALUES (?1, ?2) \
             ON CONFLICT (student) DO UPDATE SET path = excluded.path, gone = 0",
            [student, path],
        )?;
    }
    list.commit()?;
    let is_gone = |student: &String| !submissions.iter().any(|(present, _)| present == student);
    Ok(before.into_iter().filter(is_gone).collect())
}
