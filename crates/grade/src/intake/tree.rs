//! The files of a submission in memory, within bounds, whatever they were read from.

use super::name::{Part, part, readable};
use super::{File, Rejection};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Files that a submission may have: ten times the whole course's sources.
const FILES: usize = 2_000;
/// Entries that are looked at, with all that nobody wants.
pub(crate) const ENTRIES: usize = 100_000;
/// Folders in folders.
const DEPTH: usize = 16;
/// Bytes of a path: what Linux permits is 4096, and ours is put in front (PATH_MAX, limits.h).
const PATH: usize = 1_024;
/// Bytes of a name (NAME_MAX, limits.h).
const NAME: usize = 255;
/// Bytes of one file.
const FILE: u64 = 8 << 20;
/// Bytes of all files together.
const SUM: u64 = 32 << 20;

/// Files by their path, as far as they could be wanted.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub(crate) files: BTreeMap<PathBuf, TreeFile>,
    /// What was left out for its name, in words.
    pub(crate) left_out: Vec<String>,
    seen: BTreeSet<PathBuf>,
    entries: usize,
    sum: u64,
}

/// One file, and its time in seconds since 1970.
#[derive(Debug)]
pub(crate) struct TreeFile {
    /// `None` where it is too large to be kept: no matter, unless it is wanted.
    pub(crate) file: Option<File>,
    pub(crate) modified: Option<i64>,
}

impl Tree {
    /// Counts an entry, wanted or not.
    pub(crate) fn count(&mut self) -> Result<(), Rejection> {
        self.entries += 1;
        if self.entries > ENTRIES {
            return Err(refused(format!(
                "it holds more than {ENTRIES} entries; hand in the sources alone"
            )));
        }
        Ok(())
    }

    /// The path of an entry of an archive; `None` where it is left out for its name.
    pub(crate) fn archived(&mut self, name: &[u8]) -> Result<Option<PathBuf>, Rejection> {
        let escapes = |why: &str| {
            let name = shown(name);
            Err(refused(format!("the archive's entry {name} {why}; pack the folder again")))
        };
        if name.contains(&0) {
            return escapes("has a NUL byte in its name");
        }
        if name.starts_with(b"/") {
            return escapes("is not inside the archive: its name begins with /");
        }
        if name.contains(&b'\\') {
            return escapes("has a \\ in its name, which is no separator of folders");
        }
        if name.get(1) == Some(&b':') && name[0].is_ascii_alphabetic() {
            return escapes("names a drive");
        }
        let parts: Vec<_> = name.split(|byte| *byte == b'/').collect();
        if parts.contains(&&b".."[..]) {
            return escapes("is not inside the archive: its name has .. in it");
        }
        self.path(parts.into_iter().filter(|part| !part.is_empty() && *part != b"."))
    }

    /// A path of these parts; `None` where it is left out for its name.
    pub(crate) fn path<'a>(
        &mut self,
        parts: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Option<PathBuf>, Rejection> {
        let raw: Vec<&[u8]> = parts.into_iter().collect();
        let whole = raw.join(&b'/');
        let mut path = PathBuf::new();
        let judged: Vec<_> = raw.iter().map(|name| part(name)).collect();
        if judged.contains(&Part::Junk) {
            return Ok(None);
        }
        if raw.len() > DEPTH || whole.len() > PATH || raw.iter().any(|name| name.len() > NAME) {
            let whole = shown(&whole);
            return Err(refused(format!("the path {whole} is too long; hand in a shallow folder")));
        }
        for part in judged {
            match part {
                Part::Fine(name) => path.push(name),
                _ => {
                    self.leave_out(&whole);
                    return Ok(None);
                }
            }
        }
        Ok(Some(path))
    }

    /// Reads a file. `read` says what to call it where reading fails.
    pub(crate) fn add(
        &mut self,
        path: PathBuf,
        is_executable: bool,
        modified: Option<i64>,
        from: impl Read,
        failed: impl FnOnce(io::Error) -> Rejection,
    ) -> Result<(), Rejection> {
        let place = path.display();
        if self.seen.contains(&path) || self.files.contains_key(&path) {
            return Err(refused(format!("{place} is in it twice; hand in one of them")));
        }
        if path.ancestors().skip(1).any(|folder| self.files.contains_key(folder)) {
            return Err(refused(format!("{place} lies in a file; pack the folder again")));
        }
        if self.files.len() >= FILES {
            let words = format!("it holds more than {FILES} files; hand in the sources alone");
            return Err(refused(words));
        }
        let mut bytes = Vec::new();
        from.take(FILE + 1).read_to_end(&mut bytes).map_err(failed)?;
        self.sum += bytes.len() as u64;
        if self.sum > SUM {
            let most = SUM >> 20;
            let words = format!("it holds more than {most} MiB; hand in the sources alone");
            return Err(refused(words));
        }
        let is_small = bytes.len() as u64 <= FILE;
        let file = is_small.then_some(File { bytes, is_executable });
        self.seen.extend(path.ancestors().skip(1).map(Path::to_path_buf));
        self.files.insert(path, TreeFile { file, modified });
        Ok(())
    }

    fn leave_out(&mut self, path: &[u8]) {
        const MOST: usize = 10;
        match self.left_out.len() {
            0..MOST => self.left_out.push(format!(
                "{} was left out: its name has bytes or characters that do not show",
                shown(path)
            )),
            MOST => self.left_out.push("more files were left out for their names".to_owned()),
            _ => {}
        }
    }
}

/// A name in readable characters, cut where it is long.
pub(crate) fn shown(name: &[u8]) -> String {
    let name = readable(name);
    match name.char_indices().nth(160) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name,
    }
}

/// What an entry is that is neither a file nor a folder.
pub(crate) fn no_file(path: &[u8], what: &str) -> Rejection {
    refused(format!("{} is {what}; hand in the file itself", shown(path)))
}

pub(crate) fn refused(words: impl Into<String>) -> Rejection {
    Rejection::Refused(words.into())
}

/// The most bytes that one file may have.
pub(crate) fn largest() -> u64 {
    FILE
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn add(tree: &mut Tree, path: &str, bytes: &[u8]) -> Result<(), Rejection> {
        tree.add(path.into(), false, None, bytes, |error| refused(error.to_string()))
    }

    #[test]
    fn a_name_that_leaves_the_archive_is_refused() {
        for name in ["../x", "a/../../x", "/etc/passwd", "C:/x", "a\\b", "a\0b", "a/.."] {
            assert!(Tree::default().archived(name.as_bytes()).is_err(), "{name:?}");
        }
    }

    #[test]
    fn junk_and_odd_names_are_left_out() {
        let mut tree = Tree::default();
        for name in ["target/x", ".git/config", "a/__MACOSX/._b", ".DS_Store", ""] {
            let path = tree.archived(name.as_bytes()).unwrap();
            assert!(path.is_none_or(|path| path.as_os_str().is_empty()), "{name:?}");
        }
        assert_eq!(tree.left_out, Vec::<String>::new());
        assert_eq!(tree.archived(b"src/a\nb.rs").unwrap(), None);
        assert_eq!(tree.archived(b"src/\xff.rs").unwrap(), None);
        assert!(tree.left_out[0].starts_with("src/a\\nb.rs was left out"), "{:?}", tree.left_out);
    }

    #[test]
    fn a_path_is_one_thing_once() {
        let mut tree = Tree::default();
        add(&mut tree, "a/b", b"").unwrap();
        for path in ["a/b", "a", "a/b/c"] {
            assert!(add(&mut tree, path, b"").is_err(), "{path}");
        }
    }

    #[test]
    fn what_is_too_much_is_refused() {
        let mut tree = Tree::default();
        let large = vec![0; FILE as usize + 1];
        add(&mut tree, "large", &large).unwrap();
        assert!(tree.files[Path::new("large")].file.is_none());
        let filled = (0..5).try_for_each(|n| add(&mut tree, &n.to_string(), &large));
        assert!(filled.unwrap_err().to_string().contains("32 MiB"));

        let mut tree = Tree::default();
        let filled = (0..=FILES).try_for_each(|n| add(&mut tree, &n.to_string(), b""));
        assert!(filled.unwrap_err().to_string().contains("2000 files"));
        assert!(tree.archived("a/".repeat(40).as_bytes()).is_err());
        assert!(tree.archived(&[b'a'; 256]).is_err());
    }

    fn is_inside(path: &Path) -> bool {
        path.components().all(|part| matches!(part, std::path::Component::Normal(_)))
    }

    proptest! {
        #[test]
        fn a_path_from_an_archive_stays_inside(name: Vec<u8>) {
            if let Ok(Some(path)) = Tree::default().archived(&name) {
                prop_assert!(is_inside(&path));
            }
        }

        #[test]
        fn names_made_of_separators_stay_inside(name in "[./\\\\a:C]{0,12}") {
            if let Ok(Some(path)) = Tree::default().archived(name.as_bytes()) {
                prop_assert!(!name.contains('\\') && !name.starts_with('/'));
                prop_assert!(is_inside(&path));
            }
        }
    }
}
