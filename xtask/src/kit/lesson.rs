//! A lesson's code and manifest without its solution.

use super::modules;
use std::path::{Path, PathBuf};
use toml_edit::{DocumentMut, Item};

/// Changes a Rust file so that it always uses the starter. The choice between starter and solution
/// is removed.
pub(super) fn code(text: &str) -> String {
    let lines = text.split_inclusive('\n').filter(|line| !line.trim().starts_with(OTHER_FILE));
    lines.map(for_the_starter).collect()
}

/// The start of an attribute that names the solution's file for a module.
const OTHER_FILE: &str = "#[cfg_attr(feature = \"solution\", path = ";

/// The start of an attribute that only the starter has.
const STARTER_ONLY: &str = "#![cfg_attr(not(feature = \"solution\"), ";

/// Replaces a conditional attribute of the starter by the attribute itself.
fn for_the_starter(line: &str) -> String {
    let inner = line.trim_end().strip_prefix(STARTER_ONLY).and_then(|it| it.strip_suffix(")]"));
    inner.map_or_else(|| line.to_owned(), |attribute| format!("#![{attribute}]\n"))
}

/// A manifest whose tests run only if they are named, because a starter cannot pass them.
pub(super) fn manifest(text: &str) -> String {
    text.replace("required-features = [\"solution\"]", "test = false")
}

/// The root files of the tests that a package's manifest lists.
pub(super) fn tests(manifest: &DocumentMut, folder: &Path) -> Vec<PathBuf> {
    let tables = manifest.get("test").and_then(Item::as_array_of_tables);
    let file = |test: &toml_edit::Table| {
        let named = |key| test.get(key).and_then(Item::as_str);
        let usual = || Some(format!("tests/{}.rs", named("name")?));
        let path = named("path").map(str::to_owned).or_else(usual)?;
        Some(modules::plain(&folder.join(path)))
    };
    tables.into_iter().flatten().filter_map(file).collect()
}

/// The pictures that a lesson's text shows and that are in the lesson's folder.
pub(super) fn pictures(text: &str) -> impl Iterator<Item = &str> {
    let links = text.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
    links.filter(|link| {
        !link.contains(['/', ':']) && (link.ends_with(".svg") || link.ends_with(".png"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_starter_is_left() {
        let text = "\
            #![cfg_attr(not(feature = \"solution\"), allow(dead_code, reason = \"to do\"))]\n\
            #[cfg_attr(feature = \"solution\", path = \"../solution/a.rs\")]\n\
            pub mod a;\n\
            ";
        let expected = "#![allow(dead_code, reason = \"to do\")]\npub mod a;\n";
        assert_eq!(code(text), expected);
    }

    #[test]
    fn pictures_are_files_in_the_lessons_folder() {
        let text = "[a](b.md) ![c](d.svg) [e](https://f.org/g.png) ![h](i.png \"j\")";
        assert_eq!(pictures(text).collect::<Vec<_>>(), ["d.svg", "i.png"]);
    }
}
