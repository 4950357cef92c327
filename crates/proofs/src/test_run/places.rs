//! The places in a program's sources that a failure names.

use std::env;
use std::path::{Path, PathBuf};

/// `place` as a path that can be opened from the current folder. `place` is a file and a line as
/// the program has printed them, e.g. `src/server.rs:66`, and `directory` is the folder that the
/// program runs in. A place whose file cannot be found stays as it is.
pub(super) fn from_here(place: &str, directory: &Path) -> String {
    let Ok(here) = env::current_dir() else { return place.to_owned() };
    relative(place, directory, &here)
}

fn relative(place: &str, directory: &Path, here: &Path) -> String {
    let Some((file, line)) = place.rsplit_once(':') else { return place.to_owned() };
    let folders = [here].into_iter().chain(directory.ancestors());
    // The compiler names a lesson's file from the course's folder, which is above the folder that
    // the program runs in.
    let found: Option<PathBuf> =
        folders.map(|folder| folder.join(file)).find(|path| path.is_file());
    match found {
        Some(path) => match path.strip_prefix(here) {
            Ok(path) => format!("{}:{line}", path.display()),
            Err(_) => format!("{}:{line}", path.display()),
        },
        None => place.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_named_from_the_folder_where_the_command_was_typed() {
        let lesson = Path::new(env!("CARGO_MANIFEST_DIR"));
        let course = lesson.parent().unwrap();
        let printed = "proofs/src/lib.rs:66";
        assert_eq!(relative(printed, lesson, course), printed);
        assert_eq!(relative(printed, lesson, lesson), "src/lib.rs:66");
        let elsewhere = relative(printed, lesson, Path::new("/proc"));
        assert_eq!(elsewhere, format!("{}:66", lesson.join("src/lib.rs").display()));
    }

    #[test]
    fn a_place_that_cannot_be_found_stays_as_it_is() {
        assert_eq!(relative("Server.java:31", Path::new("/"), Path::new("/")), "Server.java:31");
        assert_eq!(relative("no place", Path::new("/"), Path::new("/")), "no place");
    }
}
