//! What a results file is about: results of two classes are never mixed.

use crate::shard::Shard;
use anyhow::{Result, bail};
use rusqlite::{Connection, Row, params, types::Type};
use std::collections::BTreeMap;

/// What the file is called, in the folder of results.
pub const FILE: &str = "grades.sqlite";

/// What a results file is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunInfo {
    /// What the class is called: its folder's name.
    pub name: String,
    /// Where the submissions lie.
    pub folder: String,
    /// The lessons, in the course's order: id and title.
    pub lessons: Vec<(String, String)>,
    /// Whether `--lesson` named them; else they are those that anybody has handed in.
    pub named: bool,
    /// The hash of the lessons and their proofs.
    pub course: String,
    /// The box that everything runs in.
    pub isolation: String,
    /// The part of the class, where it is only a part.
    pub shard: Option<Shard>,
    /// The hash of everyone's name, whatever the part.
    pub roster: String,
}

impl RunInfo {
    /// What the results are about once those for `wanted` are added to these; all of them are made
    /// anew, with `again`.
    pub(super) fn joined(&self, wanted: &RunInfo, again: bool) -> Result<RunInfo> {
        if self.folder != wanted.folder {
            bail!("it holds the results of {}; choose another --out", self.folder);
        }
        let ids = self.lesson_ids();
        if self.named && (!wanted.named || self.lessons != wanted.lessons) {
            bail!("it holds results for {ids}; choose another --out, or --lesson {ids}");
        }
        if !self.named && wanted.named {
            bail!(
                "it holds results for what was handed in, {ids}; choose another --out, or leave \
                 --lesson out"
            );
        }
        if self.shard != wanted.shard {
            bail!("it holds {}; choose another --out", part(self.shard));
        }
        if again {
            return Ok(wanted.clone());
        }
        if self.isolation != wanted.isolation {
            let (had, has) = (&self.isolation, &wanted.isolation);
            bail!(
                "it was graded with isolation {had}, not {has}; --isolation {had} goes on, --again begins anew"
            );
        }
        if self.course != wanted.course {
            bail!(
                "it was graded with another version of the course; --again grades everything anew"
            );
        }
        // A lesson that nobody has any more keeps its results, and ids are in the course's order.
        let both = self.lessons.iter().chain(&wanted.lessons).cloned();
        let lessons = both.collect::<BTreeMap<_, _>>().into_iter().collect();
        Ok(RunInfo { lessons, ..wanted.clone() })
    }

    /// The lessons' ids, as `--lesson` takes them.
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
