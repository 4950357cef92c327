//! The places in a program's sources that a failure names.

use std::env;
use std::path::{Component, Path, PathBuf};

/// `place` as a path that can be opened from the current folder. `place` is a file and a line as
/// the program has printed them, e.g. `src/server.rs:66`. `directory` is the folder that the program
/// runs in, and `program` is the program's file. A place whose file cannot be found stays as it is.
pub(super) fn from_here(place: &str, directory: &Path, program: &Path) -> String {
    let Ok(here) = env::current_dir() else { return place.to_owned() };
    relative(place, [directory, program], &here)
}

fn relative(place: &str, near: [&Path; 2], here: &Path) -> String {
    let Some((file, line)) = place.rsplit_once(':') else { return place.to_owned() };
    // The compiler names a file from the folder of the program's workspace. This folder is above the
    // folder that the program runs in, or above the built program.
    let above = near.into_iter().flat_map(Path::ancestors);
    let found = [here].into_iter().chain(above).map(|folder| folder.join(file));
    match found.into_iter().find(|path| path.is_file()).map(|path| without_detours(&path)) {
        Some(path) => format!("{}:{line}", path.strip_prefix(here).unwrap_or(&path).display()),
        None => place.to_owned(),
    }
}

/// The path without `name/..`, which a `path` attribute of Rust leaves in the name of a file.
fn without_detours(path: &Path) -> PathBuf {
    let mut short = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir if short.file_name().is_some() => drop(short.pop()),
            part => short.push(part),
        }
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_named_from_the_folder_where_the_command_was_typed() {
        let lesson = Path::new(env!("CARGO_MANIFEST_DIR"));
        let course = lesson.parent().unwrap();
        let printed = "proofs/src/lib.rs:66";
        let near = [lesson, Path::new("/")];
        assert_eq!(relative(printed, near, course), printed);
        assert_eq!(relative(printed, near, lesson), "src/lib.rs:66");
        let elsewhere = relative(printed, near, Path::new("/proc"));
        assert_eq!(elsewhere, format!("{}:66", lesson.join("src/lib.rs").display()));
    }

    #[test]
    fn a_place_that_cannot_be_found_stays_as_it_is() {
        let root = Path::new("/");
        assert_eq!(relative("Server.java:31", [root; 2], root), "Server.java:31");
        assert_eq!(relative("no place", [root; 2], root), "no place");
    }
    #[test]
    fn a_place_is_found_above_the_built_program() {
        let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let program = crate_folder.join("target/debug/server");
        let place = relative("src/test_run/../lib.rs:7", [Path::new("/"), &program], crate_folder);
        assert_eq!(place, "src/lib.rs:7");
    }
}
