//! Reads all files of a folder.
#![allow(dead_code, reason = "each test uses a part of this module")]

use grade::store::FILE;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The content of every file in `folder` and its subfolders, by the path relative to `folder`.
pub(crate) fn all(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_owned();
                files.insert(name, fs::read(path).unwrap());
            }
        }
    }
    files
}

/// The same as [`all`], without the database of results.
pub(crate) fn without_database(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = all(folder);
    files.retain(|path, _| path.file_name().unwrap() != FILE);
    files
}
