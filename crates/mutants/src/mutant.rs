//! The mutants of a lesson's solution.

use crate::operators::{self, Change, Operator};
use anyhow::{Context, Result};
use programs::starter_regions;
use programs::variants::Sources;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The number of hexadecimal digits of an id.
const ID_DIGITS: usize = 8;

/// The solution with one change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mutant {
    /// A hash of the file's name, the region, the changed text and its replacement. The id stays the
    /// same if other lines of the solution change.
    pub(crate) id: String,
    /// The changed file, relative to the lesson's folder, e.g. `solution/server.rs`.
    pub(crate) file: PathBuf,
    /// The line of the change in the solution, counted from 1.
    pub(crate) line: usize,
    /// The number of the task whose code is changed.
    pub(crate) task: u32,
    /// The change.
    pub(crate) change: Change,
}

impl Mutant {
    /// All mutants of a solution, in the order of files and lines.
    ///
    /// # Errors
    /// A file is not Rust, or has a malformed region. The error names the file.
    pub(crate) fn all(sources: &Sources) -> Result<Vec<Self>> {
        let mut mutants = Vec::new();
        for (path, text) in sources.iter().filter(|(path, _)| path.starts_with("solution")) {
            mutants.extend(of_file(path, text).with_context(|| path.display().to_string())?);
        }
        Ok(mutants)
    }

    /// The sources of the mutant.
    pub(crate) fn sources(&self, solution: &Sources) -> Sources {
        let mut sources = solution.clone();
        if let Some(text) = sources.get_mut(&self.file) {
            *text = operators::changed(text, &self.change);
        }
        sources
    }

    /// The operator that made the change.
    pub(crate) fn operator(&self) -> Operator {
        self.change.operator
    }
}

fn of_file(path: &Path, text: &str) -> Result<Vec<Mutant>> {
    let regions = starter_regions::regions(text)?;
    let changes = operators::changes(text, &regions)?;
    // The same code may be in a region twice. The count tells such changes apart.
    let mut counts: HashMap<String, usize> = HashMap::new();
    let mut mutants = Vec::new();
    for change in changes {
        let before = &text[..change.range.start];
        let line = before.matches('\n').count() + 1;
        let Some(region) = regions.iter().find(|it| (it.opens..it.closes).contains(&line)) else {
            continue;
        };
        let original = &text[change.range.clone()];
        let file = path.to_string_lossy();
        let parts = [&*file, &region.todo(), original, &change.replacement].join("\0");
        let count = counts.entry(parts.clone()).or_default();
        let hash = blake3::hash(format!("{parts}\0{count}").as_bytes());
        *count += 1;
        let id = hash.to_hex()[..ID_DIGITS].to_owned();
        mutants.push(Mutant { id, file: path.to_owned(), line, task: region.task, change });
    }
    Ok(mutants)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOLUTION: &str = "\
fn f() {
    // <task 2: call g twice>
    g();
    g();
    // </task>
}
";

    fn ids(text: &str) -> Vec<(String, usize)> {
        let sources = Sources::from([("solution/a.rs".into(), text.to_owned())]);
        let mutants = Mutant::all(&sources).unwrap();
        assert!(mutants.iter().all(|mutant| mutant.task == 2), "{mutants:?}");
        mutants.into_iter().map(|mutant| (mutant.id, mutant.line)).collect()
    }

    #[test]
    fn an_id_stays_when_other_lines_change() {
        let before = ids(SOLUTION);
        let after = ids(&format!("//! A text.\n\n{SOLUTION}"));
        assert_eq!(before.len(), after.len());
        for ((id, line), (same, moved)) in before.iter().zip(&after) {
            assert_eq!((id, line + 2), (same, *moved));
        }
    }

    #[test]
    fn the_same_change_of_the_same_code_has_two_ids() {
        let mut ids: Vec<_> = ids(SOLUTION).into_iter().map(|(id, _)| id).collect();
        let all = ids.len();
        assert!(all >= 4, "{ids:?}");
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), all);
    }

    #[test]
    fn a_mutant_has_one_changed_file() {
        let other = (PathBuf::from("src/main.rs"), "fn main() {}\n".to_owned());
        let sources = Sources::from([("solution/a.rs".into(), SOLUTION.to_owned()), other.clone()]);
        let mutants = Mutant::all(&sources).unwrap();
        let changed = mutants[0].sources(&sources);
        assert_ne!(changed[&mutants[0].file], SOLUTION);
        assert_eq!(changed[&other.0], other.1);
    }
}
