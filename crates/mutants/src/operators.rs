//! The ways in which a solution is changed. Each change makes one mutant.
//!
//! The text of a file is changed where the syntax tree says, and is otherwise kept as it is. Only
//! code in the regions of tasks is changed, because only this code is the student's.

mod collector;
mod conditions;
mod constants;
mod matches;
mod returns;
mod statements;
mod walk;

use anyhow::{Context, Result};
use collector::Collector;
use programs::starter_regions::Region;
use serde::{Deserialize, Serialize};
use std::ops::Range;
use syn::visit::Visit;

/// The kind of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Operator {
    /// A condition is negated, or is always true, or is always false.
    Condition,
    /// A comparison, a bound of a range or a logical operator is changed.
    Comparison,
    /// An arithmetic operator is changed.
    Arithmetic,
    /// A number is one more or less, or is 0; a `bool` is the other one.
    Constant,
    /// A statement is removed.
    Statement,
    /// A call in a chain of calls is removed.
    Call,
    /// An error is ignored.
    Error,
    /// The function returns early, or does not return early.
    Return,
    /// An arm or a pattern of a `match` is removed, or two arms have each other's bodies.
    Match,
    /// A flag is removed.
    Flag,
}

impl Operator {
    /// Every operator, in the order in which they are shown.
    pub(crate) const ALL: [Self; 10] = [
        Self::Condition,
        Self::Comparison,
        Self::Arithmetic,
        Self::Constant,
        Self::Statement,
        Self::Call,
        Self::Error,
        Self::Return,
        Self::Match,
        Self::Flag,
    ];

    /// The operator's name, e.g. `condition`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Condition => "condition",
            Self::Comparison => "comparison",
            Self::Arithmetic => "arithmetic",
            Self::Constant => "constant",
            Self::Statement => "statement",
            Self::Call => "call",
            Self::Error => "error",
            Self::Return => "return",
            Self::Match => "match",
            Self::Flag => "flag",
        }
    }
}

/// One change of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// The kind of the change.
    pub(crate) operator: Operator,
    /// The bytes of the file that are replaced.
    pub(crate) range: Range<usize>,
    /// The text that replaces these bytes.
    pub(crate) replacement: String,
    /// What was changed, for a reader, e.g. ``dropped `drop(client);` ``.
    pub(crate) what: String,
}

/// Every change of the code in `regions`, in the order of the text.
///
/// # Errors
/// `text` is not Rust.
pub(crate) fn changes(text: &str, regions: &[Region]) -> Result<Vec<Change>> {
    let file = syn::parse_file(text).context("it is not Rust")?;
    let mut collector = Collector::new(text, regions);
    collector.visit_file(&file);
    let mut changes = collector.changes;
    changes.sort_by_key(|change| (change.range.start, change.range.end));
    // Two operators may make the same text.
    let mut seen: Vec<(Range<usize>, String)> = Vec::new();
    changes.retain(|change| {
        let made = (change.range.clone(), change.replacement.clone());
        let is_new = !seen.contains(&made);
        seen.push(made);
        is_new && text[change.range.clone()] != change.replacement
    });
    // A change that is not even Rust is no mutant.
    changes.retain(|change| syn::parse_file(&changed(text, change)).is_ok());
    Ok(changes)
}

/// `text` with the change.
pub(crate) fn changed(text: &str, change: &Change) -> String {
    let Range { start, end } = change.range;
    [&text[..start], &change.replacement, &text[end..]].concat()
}

#[cfg(test)]
mod tests;
