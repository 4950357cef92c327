//! The rubric and the corrections with which the reports of the last run were written. A later run
//! compares its own with them.

use super::Store;
use anyhow::{Context, Result};
use rusqlite::OptionalExtension;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A file that changes the reports, and its content.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting<T> {
    /// The file's path, as it was given.
    pub file: String,
    /// The file's content.
    pub value: T,
}

impl Store {
    /// The setting with this name that the reports of the last run were written with. `None` if they
    /// were written without.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn setting<T: DeserializeOwned>(&self, name: &str) -> Result<Option<Setting<T>>> {
        let query = "SELECT file, value FROM settings WHERE name = ?1";
        let row = self.connection.query_row(query, [name], |row| Ok((row.get(0)?, row.get(1)?)));
        let Some((file, text)) = self.explain(row.optional())? else { return Ok(None) };
        let text: String = text;
        let context = || format!("{}: the saved {name} cannot be read", self.path.display());
        Ok(Some(Setting { file, value: serde_json::from_str(&text).with_context(context)? }))
    }

    /// Saves a setting, or that there is none.
    ///
    /// # Errors
    /// The database cannot be written.
    pub fn set<T: Serialize>(&self, name: &str, setting: Option<&Setting<T>>) -> Result<()> {
        let changed = match setting {
            None => self.connection.execute("DELETE FROM settings WHERE name = ?1", [name]),
            Some(Setting { file, value }) => {
                let text = serde_json::to_string(value).context("cannot convert a setting")?;
                let insert = "INSERT OR REPLACE INTO settings VALUES (?1, ?2, ?3)";
                self.connection.execute(insert, [name, file, &text])
            }
        };
        self.explain(changed).map(drop)
    }
}
