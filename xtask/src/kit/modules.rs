//! Finds the files that the compiler reads, by following `mod` declarations from a crate's root.
//!
//! Other files, such as a draft or a copy, are not in the kit.

use anyhow::{Context, Result};
use std::path::{Component, Path, PathBuf};

/// The files of the modules that the file at `path` declares. `text` is the content of this file.
/// `is_root` is true if the file is the root of a crate.
///
/// # Errors
/// A module has no file.
pub(super) fn of(root: &Path, path: &Path, text: &str, is_root: bool) -> Result<Vec<PathBuf>> {
    let own = is_root || path.file_name().is_some_and(|name| name == "mod.rs");
    let beside = path.parent().unwrap_or(Path::new(""));
    let folder = if own { beside.to_owned() } else { path.with_extension("") };
    let mut named = None;
    let mut files = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(file) = quoted(line, "#[path = ") {
            named = Some(plain(&beside.join(file)));
        } else if let Some(module) = module(line) {
            let usual = [folder.join(format!("{module}.rs")), folder.join(module).join("mod.rs")];
            let mut candidates = named.take().into_iter().chain(usual);
            let found = candidates.find(|file| root.join(file).is_file());
            let found = found
                .with_context(|| format!("{}: the module {module} has no file", path.display()))?;
            files.push(found);
        } else if !line.starts_with('#') {
            named = None;
        }
    }
    Ok(files)
}

/// A relative path without `..`: `a/../b` is `b`.
pub(super) fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => drop(plain.pop()),
            component => plain.push(component),
        }
    }
    plain
}

/// The name in `mod name;`, with any visibility.
fn module(line: &str) -> Option<&str> {
    let line = line.strip_suffix(';')?;
    let (visibility, name) = line.rsplit_once("mod ")?;
    let is_name = name.chars().all(|char| char == '_' || char.is_alphanumeric());
    (is_name && ["", "pub ", "pub(crate) ", "pub(super) "].contains(&visibility)).then_some(name)
}

fn quoted<'a>(line: &'a str, before: &str) -> Option<&'a str> {
    line.strip_prefix(before)?.strip_prefix('"')?.strip_suffix("\"]")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn modules_are_found_as_the_compiler_finds_them() {
        let root = tempfile::tempdir().unwrap();
        for file in ["src/a.rs", "src/a/c.rs", "src/b/mod.rs", "src/b/d.rs", "up.rs"] {
            let file = root.path().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        let of = |path: &str, text, is_root| {
            let files = of(root.path(), Path::new(path), text, is_root).unwrap();
            files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>()
        };
        let text = "mod a;\npub mod b;\nmod inline {\n}\n// mod none;\n";
        assert_eq!(of("src/lib.rs", text, true), ["src/a.rs", "src/b/mod.rs"]);
        assert_eq!(of("src/a.rs", "pub(crate) mod c;", false), ["src/a/c.rs"]);
        assert_eq!(of("src/b/mod.rs", "mod d;", false), ["src/b/d.rs"]);
        let text = "#[path = \"../up.rs\"]\n#[cfg(test)]\nmod other;\n";
        assert_eq!(of("src/lib.rs", text, true), ["up.rs"]);
    }

    #[test]
    fn a_module_without_a_file_is_an_error() {
        let error = of(Path::new("/"), Path::new("x/lib.rs"), "mod gone;", true).unwrap_err();
        assert_eq!(error.to_string(), "x/lib.rs: the module gone has no file");
    }
}
