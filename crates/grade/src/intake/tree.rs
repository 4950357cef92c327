//! The files of a submission in memory, with limits that hold for folders and archives.

use super::File;
use super::archive_format::by_name;
use super::name::{NamePart, classify, shown};
use super::rejection::{Rejection, refused};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The maximum number of files of a submission: ten times the number of all source files of the
/// course.
const MAX_FILES: usize = 2_000;
/// The maximum number of entries that are read: files and folders. Ignored entries do not count.
pub(crate) const MAX_ENTRIES: usize = 20_000;
/// The maximum number of parts of a path.
const MAX_DEPTH: usize = 16;
/// The maximum length of a path, in bytes. The path of the grader's own folder is added in front.
/// Linux permits 4096 bytes for both together (PATH_MAX, limits.h).
const MAX_PATH: usize = 1_024;
/// The maximum length of a name, in bytes (NAME_MAX, limits.h).
const MAX_NAME: usize = 255;
/// The maximum size of one file, in bytes.
pub(crate) const MAX_FILE_SIZE: u64 = 8 << 20;
/// The maximum size of all files together, in bytes.
pub(crate) const MAX_TOTAL_SIZE: u64 = 32 << 20;

/// The maximum number of ignored files and folders that are named.
const MAX_IGNORED: usize = 20;
/// The note on an archive with backslashes in the names of its entries.
const BACKSLASHES: &str = "the names of files have \\ in them; it counts as a separator of folders";

/// Files by their path.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub(crate) files: BTreeMap<PathBuf, TreeFile>,
    /// Notes for the student, e.g. on files that were omitted because of their names.
    pub(crate) notes: Vec<String>,
    /// The files and folders that are ignored because of their names.
    pub(crate) ignored: Ignored,
    /// The folders that contain the files.
    folders: BTreeSet<PathBuf>,
    entries: usize,
    total_size: u64,
}

/// The paths of ignored files and folders, in readable characters. Their number is limited.
#[derive(Debug, Default)]
pub(crate) struct Ignored(BTreeSet<String>);

impl Ignored {
    /// Adds a file or folder. Files in an ignored folder are not added.
    pub(crate) fn add(&mut self, path: &[u8]) {
        self.extend([shown(path)]);
    }

    /// Adds these files and folders.
    pub(crate) fn extend(&mut self, paths: impl IntoIterator<Item = String>) {
        let room = MAX_IGNORED.saturating_sub(self.0.len());
        self.0.extend(paths.into_iter().take(room));
    }

    /// The paths.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &String> {
        self.0.iter()
    }
}

impl IntoIterator for Ignored {
    type Item = String;
    type IntoIter = std::collections::btree_set::IntoIter<String>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// One file of a tree.
#[derive(Debug)]
pub(crate) struct TreeFile {
    /// `None` if the file is too large. This is an error only if a lesson needs the file.
    pub(crate) file: Option<File>,
}

impl Tree {
    /// Counts an entry that is not ignored.
    pub(crate) fn count(&mut self) -> Result<(), Rejection> {
        self.entries += 1;
        if self.entries > MAX_ENTRIES {
            return Err(refused(format!(
                "the submission holds more than {MAX_ENTRIES} entries; hand in only the sources"
            )));
        }
        Ok(())
    }

    /// The path of an archive's entry; `None` if the name is ignored. A `\\` separates folders as `/`
    /// does, because some programs on Windows write it into archives.
    pub(crate) fn archive_path(&mut self, name: &[u8]) -> Result<Option<PathBuf>, Rejection> {
        let invalid = |why: &str| {
            let name = shown(name);
            Err(refused(format!("the archive's entry {name} {why}; pack the folder again")))
        };
        if name.contains(&0) {
            return invalid("has a NUL byte in its name");
        }
        if name.starts_with(b"/") || name.starts_with(b"\\") {
            return invalid("is not inside the archive: its name begins with a separator");
        }
        if name.get(1) == Some(&b':') && name[0].is_ascii_alphabetic() {
            return invalid("names a drive");
        }
        let parts: Vec<_> = name.split(|byte| matches!(byte, b'/' | b'\\')).collect();
        if parts.contains(&&b".."[..]) {
            return invalid("is not inside the archive: its name has .. in it");
        }
        if name.contains(&b'\\') && !self.notes.iter().any(|note| note == BACKSLASHES) {
            self.notes.push(BACKSLASHES.to_owned());
        }
        self.path(parts.into_iter().filter(|part| !part.is_empty() && *part != b"."))
    }

    /// The path with these parts; `None` if a part is ignored or unprintable.
    pub(crate) fn path<'a>(
        &mut self,
        parts: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Option<PathBuf>, Rejection> {
        let names: Vec<&[u8]> = parts.into_iter().collect();
        let whole = names.join(&b'/');
        let classes: Vec<_> = names.iter().map(|name| classify(name)).collect();
        if let Some(place) = classes.iter().position(|class| *class == NamePart::Ignored) {
            self.ignored.add(&names[..=place].join(&b'/'));
            return Ok(None);
        }
        let has_long_name = names.iter().any(|name| name.len() > MAX_NAME);
        if names.len() > MAX_DEPTH || whole.len() > MAX_PATH || has_long_name {
            let whole = shown(&whole);
            return Err(refused(format!("the path {whole} is too long; hand in a shallow folder")));
        }
        let mut path = PathBuf::new();
        for class in classes {
            let NamePart::Normal(name) = class else {
                self.note_left_out(&whole);
                return Ok(None);
            };
            path.push(name);
        }
        Ok(Some(path))
    }

    /// Reads a file into the tree. `failed` makes the rejection for an error that occurs while
    /// `from` is read.
    pub(crate) fn add(
        &mut self,
        path: PathBuf,
        is_executable: bool,
        from: impl Read,
        failed: impl FnOnce(io::Error) -> Rejection,
    ) -> Result<(), Rejection> {
        let place = path.display();
        // A path must belong to only one file or only one folder.
        if self.folders.contains(&path) || self.files.contains_key(&path) {
            return Err(in_twice(&place.to_string()));
        }
        if path.ancestors().skip(1).any(|folder| self.files.contains_key(folder)) {
            return Err(refused(format!("{place} is inside another file; pack the folder again")));
        }
        if self.files.len() >= MAX_FILES {
            return Err(refused(format!(
                "the submission holds more than {MAX_FILES} files; hand in only the sources"
            )));
        }
        // An archive inside the submission may be as large as all files together.
        let is_archive = by_name(path.as_os_str().as_encoded_bytes()).is_some();
        let limit = if is_archive { MAX_TOTAL_SIZE } else { MAX_FILE_SIZE };
        // Read one byte more than is permitted. If this byte exists, the file is too large.
        let mut bytes = Vec::new();
        from.take(limit + 1).read_to_end(&mut bytes).map_err(failed)?;
        self.total_size += bytes.len() as u64;
        if self.total_size > MAX_TOTAL_SIZE {
            return Err(refused(format!(
                "the submission holds more than {} MiB; hand in only the sources",
                MAX_TOTAL_SIZE >> 20
            )));
        }
        let is_small = bytes.len() as u64 <= limit;
        let file = is_small.then_some(File { bytes, is_executable });
        self.folders.extend(path.ancestors().skip(1).map(Path::to_path_buf));
        self.files.insert(path, TreeFile { file });
        Ok(())
    }

    /// Takes a file out of the tree. It does not count towards the limits any more.
    pub(crate) fn remove(&mut self, path: &Path) -> Option<TreeFile> {
        let removed = self.files.remove(path)?;
        let size = removed.file.as_ref().map_or(0, |file| file.bytes.len() as u64);
        self.total_size = self.total_size.saturating_sub(size);
        Some(removed)
    }

    /// Adds a note on a file with an unprintable name. The number of such notes is limited.
    fn note_left_out(&mut self, path: &[u8]) {
        const MAX_NOTES: usize = 10;
        match self.notes.len() {
            0..MAX_NOTES => self.notes.push(format!(
                "{} was left out: its name has unprintable bytes or characters",
                shown(path)
            )),
            MAX_NOTES => self.notes.push("more files were left out for their names".to_owned()),
            _ => {}
        }
    }
}

/// The rejection of a submission with two entries of this name.
pub(crate) fn in_twice(name: &str) -> Rejection {
    refused(format!("{name} is in the submission twice; hand in one of them"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn add(tree: &mut Tree, path: &str, bytes: &[u8]) -> Result<(), Rejection> {
        tree.add(path.into(), false, bytes, |error| refused(error.to_string()))
    }

    #[test]
    fn a_name_outside_the_archive_is_refused() {
        for name in
            ["../x", "a/../../x", "/etc/passwd", "C:/x", "..\\x", "a\\..\\x", "\\x", "a\0b", "a/.."]
        {
            assert!(Tree::default().archive_path(name.as_bytes()).is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_backslash_separates_folders() {
        let mut tree = Tree::default();
        let path = tree.archive_path(b"hw\\src\\server.rs").unwrap();
        assert_eq!(path.as_deref(), Some(Path::new("hw/src/server.rs")));
        assert_eq!(tree.archive_path(b"hw\\target\\debug\\x").unwrap(), None);
    }

    #[test]
    fn ignored_and_unprintable_names_are_left_out() {
        let mut tree = Tree::default();
        for name in ["target/x", ".git/config", "a/__MACOSX/._b", ".DS_Store", ""] {
            let path = tree.archive_path(name.as_bytes()).unwrap();
            assert!(path.is_none_or(|path| path.as_os_str().is_empty()), "{name:?}");
        }
        assert_eq!(tree.notes, Vec::<String>::new());
        assert_eq!(tree.archive_path(b"src/a\nb.rs").unwrap(), None);
        assert_eq!(tree.archive_path(b"src/\xff.rs").unwrap(), None);
        assert!(tree.notes[0].starts_with("src/a\\nb.rs was left out"), "{:?}", tree.notes);
    }

    #[test]
    fn a_path_is_one_file_or_one_folder() {
        let mut tree = Tree::default();
        add(&mut tree, "a/b", b"").unwrap();
        for path in ["a/b", "a", "a/b/c"] {
            assert!(add(&mut tree, path, b"").is_err(), "{path}");
        }
    }

    #[test]
    fn a_submission_over_a_limit_is_refused() {
        let mut tree = Tree::default();
        let large = vec![0; MAX_FILE_SIZE as usize + 1];
        add(&mut tree, "large", &large).unwrap();
        assert!(tree.files[Path::new("large")].file.is_none());
        let filled = (0..5).try_for_each(|n| add(&mut tree, &n.to_string(), &large));
        assert!(filled.unwrap_err().to_string().contains("32 MiB"));

        let mut tree = Tree::default();
        let filled = (0..=MAX_FILES).try_for_each(|n| add(&mut tree, &n.to_string(), b""));
        assert!(filled.unwrap_err().to_string().contains("2000 files"));
        assert!(tree.archive_path("a/".repeat(40).as_bytes()).is_err());
        assert!(tree.archive_path(&[b'a'; 256]).is_err());
    }

    fn is_inside(path: &Path) -> bool {
        path.components().all(|part| matches!(part, std::path::Component::Normal(_)))
    }

    proptest! {
        #[test]
        fn a_path_from_an_archive_stays_inside(name: Vec<u8>) {
            if let Ok(Some(path)) = Tree::default().archive_path(&name) {
                prop_assert!(is_inside(&path));
            }
        }

        #[test]
        fn names_made_of_separators_stay_inside(name in "[./\\\\a:C]{0,12}") {
            if let Ok(Some(path)) = Tree::default().archive_path(name.as_bytes()) {
                prop_assert!(!name.starts_with(['/', '\\']));
                prop_assert!(is_inside(&path));
            }
        }
    }
}
