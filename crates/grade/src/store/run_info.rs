//! Which run the results in a file belong to. The results of two classes are never mixed.

use crate::shard::Shard;
use anyhow::{Result, bail};
use rusqlite::{Connection, Row, params, types::Type};
use std::collections::BTreeMap;

/// The name of the file, in the folder for the results.
pub const FILE: &str = "grades.sqlite";

/// The class, the lessons and the versions that the results in a file belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunInfo {
    /// The name of the class, which is the name of its folder.
    pub name: String,
    /// The path of the folder with the submissions.
    pub folder: String,
    /// The id and the title of each lesson, in the course's order.
    pub lessons: Vec<(String, String)>,
    /// Whether `--lesson` named the lessons. If not, they are the lessons that were handed in.
    pub named: bool,
    /// The hash of the lessons and their proofs.
    pub course: String,
    /// The isolation level with which all programs run.
    pub isolation: String,
    /// The part of the class. `None` if it is the whole class.
    pub shard: Option<Shard>,
    /// The hash of the names of all students of the class, including other shards.
    pub roster: String,
}

impl RunInfo {
    /// The run info of the file after the run `wanted` has added its results. With `again`, this
    /// run replaces all results.
    ///
    /// # Errors
    /// The run does not belong to these results. The message gives the reason and the next step.
    pub(super) fn joined(&self, wanted: &RunInfo, again: bool) -> Result<RunInfo> {
        if self.folder != wanted.folder {
            bail!("the file has the results of {}; choose another --out", self.folder);
        }
        let ids = self.lesson_ids();
        if self.named && (!wanted.named || self.lessons != wanted.lessons) {
            bail!("the file has results for {ids}; choose another --out, or --lesson {ids}");
        }
        if !self.named && wanted.named {
            bail!(
                "the file has results for the lessons that were handed in, {ids}; choose another \
                 --out, or leave --lesson out"
            );
        }
        if self.shard != wanted.shard {
            bail!("the file has results for {}; choose another --out", part(self.shard));
        }
        if again {
            return Ok(wanted.clone());
        }
        if self.isolation != wanted.isolation {
            let (known, new) = (&self.isolation, &wanted.isolation);
            bail!(
                "the results were graded with isolation {known}, not {new}; continue them with \
                 --isolation {known}, or grade everything again with --again"
            );
        }
        if self.course != wanted.course {
            bail!(
                "the results were graded with another version of the course; grade everything \
                 again with --again"
            );
        }
        // A lesson that no student has handed in any more stays in the list. The map sorts by the
        // ids, and this is the order of the course.
        let both = self.lessons.iter().chain(&wanted.lessons).cloned();
        let lessons = both.collect::<BTreeMap<_, _>>().into_iter().collect();
        Ok(RunInfo { lessons, ..wanted.clone() })
    }

    /// The ids of the lessons, as `--lesson` accepts them.
    pub fn lesson_ids(&self) -> String {
        let ids: Vec<_> = self.lessons.iter().map(|(id, _)| id.as_str()).collect();
        ids.join(",")
    }

    pub(super) fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        let lessons = serde_json::to_string(&self.lessons)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        let shard = self.shard.map(|shard| shard.to_string());
        connection.execute(
            "INSERT OR REPLACE INTO class VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                self.name,
                self.folder,
                lessons,
                self.named,
                self.course,
                self.isolation,
                shard,
                self.roster
            ],
        )?;
        Ok(())
    }

    pub(super) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let query =
            "SELECT name, folder, lessons, named, course, isolation, shard, roster FROM class";
        connection.query_row(query, [], |row| {
            let shard: Option<String> = row.get(6)?;
            let shard = shard.map(|text| text.parse().map_err(|error| unreadable(6, error)));
            Ok(Self {
                name: row.get(0)?,
                folder: row.get(1)?,
                lessons: lessons(row)?,
                named: row.get(3)?,
                course: row.get(4)?,
                isolation: row.get(5)?,
                shard: shard.transpose()?,
                roster: row.get(7)?,
            })
        })
    }
}

fn lessons(row: &Row<'_>) -> rusqlite::Result<Vec<(String, String)>> {
    let text: String = row.get(2)?;
    serde_json::from_str(&text).map_err(|error| unreadable(2, error.into()))
}

fn unreadable(column: usize, error: anyhow::Error) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error.into())
}

fn part(shard: Option<Shard>) -> String {
    shard.map_or("the whole class".to_owned(), |shard| format!("shard {shard}"))
}
