//! The results of mutants, which are kept between runs: `target/mutants/LESSON/results.jsonl`.
//!
//! The first line has a key: a hash of the sources that a result depends on. The results of another
//! key are not used. Each further line is a result. A line is written as soon as its result is known,
//! so a run that was stopped goes on where it ended.

use anyhow::{Context, Result, bail};
use programs::variants::Sources;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// The folders of the course's own crates on which every result depends.
const CHECKERS: [&str; 5] = [
    "crates/course/src",
    "crates/proofs/src",
    "crates/sandbox/src",
    "crates/sockhelpers/src",
    "crates/witness/src",
];

/// The result of a mutant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct MutantResult {
    /// The mutant's id.
    pub(crate) id: String,
    /// What the proof says.
    #[serde(flatten)]
    pub(crate) finding: Finding,
    /// The time that the proof took, in milliseconds. 0 if the mutant was not built.
    pub(crate) millis: f64,
}

/// What the proof says about a mutant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub(crate) enum Finding {
    /// A criterion failed.
    Caught {
        /// The first criterion that failed.
        by: String,
    },
    /// Every criterion was proved.
    Survived,
    /// No criterion failed, but something could not be observed.
    Inconclusive {
        /// What could not be observed.
        why: String,
    },
    /// The mutant does not compile.
    NotBuilt,
}

/// The results that are known.
pub(crate) struct Results {
    file: File,
    by_id: HashMap<String, MutantResult>,
}

impl Results {
    /// Reads the results in `folder` that have this key. Results with another key are removed.
    ///
    /// # Errors
    /// The folder or the file cannot be read or written, or another process uses the results.
    pub(crate) fn open(folder: &Path, key: &str) -> Result<Self> {
        let path = folder.join("results.jsonl");
        let context = || format!("cannot write {}", path.display());
        fs::create_dir_all(folder).with_context(context)?;
        let mut options = OpenOptions::new();
        let opened = options.create(true).read(true).append(true).open(&path);
        let mut file = opened.with_context(context)?;
        if file.try_lock().is_err() {
            bail!("another `cargo xtask mutants` of this lesson is running; wait for its end");
        }
        let mut text = String::new();
        file.read_to_string(&mut text)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let (first, rest) = text.split_once('\n').unwrap_or_default();
        let lines = if first == key { rest } else { "" };
        // The last line is incomplete if the run was killed while it was written.
        let known = lines.lines().filter_map(|line| serde_json::from_str(line).ok());
        let known: Vec<MutantResult> = known.collect();
        file.set_len(0).with_context(context)?;
        writeln!(file, "{key}").with_context(context)?;
        let mut results = Self { file, by_id: HashMap::new() };
        known.into_iter().try_for_each(|result| results.add(result))?;
        Ok(results)
    }

    /// The result of the mutant with this id. `None` if it is not known yet.
    pub(crate) fn get(&self, id: &str) -> Option<&MutantResult> {
        self.by_id.get(id)
    }

    /// Keeps a result.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn add(&mut self, result: MutantResult) -> Result<()> {
        let line = serde_json::to_string(&result)? + "\n";
        self.file.write_all(line.as_bytes()).context("cannot keep the result of a mutant")?;
        self.by_id.insert(result.id.clone(), result);
        Ok(())
    }
}

/// The key of a lesson's results: a hash of its solution, of the solutions that it builds on, and of
/// everything that checks it.
///
/// # Errors
/// A file cannot be read.
pub(crate) fn key(root: &Path, lesson: &Path, solution: &Sources) -> Result<String> {
    let mut files: Vec<PathBuf> = Vec::new();
    for folder in CHECKERS {
        collect(&root.join(folder), &mut files)?;
    }
    // A lesson may build on any earlier lesson. The names of the folders are in the course's order.
    for entry in fs::read_dir(root.join("lessons")).context("cannot read lessons/")? {
        let folder = entry?.path();
        if folder.file_name() < lesson.file_name() && folder.is_dir() {
            collect(&folder.join("solution"), &mut files)?;
            collect(&folder.join("src"), &mut files)?;
        }
    }
    files.extend([root.join("Cargo.lock"), root.join(lesson).join("Cargo.toml")]);
    files.sort();
    let mut hash = blake3::Hasher::new();
    for file in &files {
        let text = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        hash.update(blake3::hash(&text).as_bytes());
    }
    for (path, text) in solution {
        hash.update(path.to_string_lossy().as_bytes());
        hash.update(blake3::hash(text.as_bytes()).as_bytes());
    }
    Ok(hash.finalize().to_hex().to_string())
}

/// Adds every `.rs` file in `folder` and in the folders inside it. A missing folder has no files.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(());
    };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn survivor(id: &str) -> MutantResult {
        MutantResult { id: id.into(), finding: Finding::Survived, millis: 40.5 }
    }

    #[test]
    fn results_of_the_same_key_are_kept_and_others_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let mut results = Results::open(folder.path(), "one").unwrap();
        let caught =
            MutantResult { finding: Finding::Caught { by: "starts".into() }, ..survivor("b") };
        results.add(survivor("a")).unwrap();
        results.add(caught.clone()).unwrap();
        drop(results);
        // The run was killed while it wrote a line.
        let path = folder.path().join("results.jsonl");
        let text = fs::read_to_string(&path).unwrap() + "{\"id\":\"c";
        fs::write(&path, text).unwrap();

        let again = Results::open(folder.path(), "one").unwrap();
        assert_eq!(again.get("a"), Some(&survivor("a")));
        assert_eq!(again.get("b"), Some(&caught));
        assert_eq!(again.get("c"), None);
        assert!(Results::open(folder.path(), "one").is_err(), "it is in use");
        drop(again);
        assert_eq!(Results::open(folder.path(), "two").unwrap().get("a"), None);
    }
}
