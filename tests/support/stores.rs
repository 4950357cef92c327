//! Proves stores of lesson w09-l01, and changes the store in Python.

use super::programs::{TestDir, servers};
use super::xtask;
use assert_cmd::assert::Assert;
use std::fs;
use std::path::PathBuf;

/// Runs `cargo xtask prove w09-l01` for a store with these flags.
pub(crate) fn prove(store: &str, flags: &[&str]) -> Assert {
    xtask(&[&["prove", "w09-l01", "--cmd", store], flags].concat())
}

/// The store in Python with these changes: each text is replaced by the next one, once.
#[track_caller]
pub(crate) fn changed(dir: &TestDir, changes: &[(&str, &str)]) -> PathBuf {
    let mut text = fs::read_to_string(servers().join("kv/store.py")).unwrap();
    for (old, new) in changes {
        assert!(text.contains(old), "store.py has no {old:?}");
        text = text.replacen(old, new, 1);
    }
    let path = dir.path("wrong_store.py");
    fs::write(&path, text).unwrap();
    path
}
