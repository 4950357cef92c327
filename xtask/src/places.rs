//! Places in the course, as paths that can be opened from the current folder.

use course::report::Todo;
use std::env;
use std::path::{Path, PathBuf};
use terminal::paths;

/// The places of `todo!`s from the current folder: `src/server.rs:66, :90`.
pub(crate) fn places<'a>(todos: impl IntoIterator<Item = &'a Todo>) -> String {
    let mut text = String::new();
    let mut last_file = String::new();
    for todo in todos {
        let place = from_here(&todo.place);
        let (file, line) = place.rsplit_once(':').unwrap_or((&place, ""));
        text += if text.is_empty() { "" } else { ", " };
        text += &if file == last_file { format!(":{line}") } else { place.clone() };
        last_file = file.to_owned();
    }
    text
}

/// A place in the course, as a path from the current folder. Outside of the course, the whole path.
pub(crate) fn from_here(place: &str) -> String {
    let path = paths::root().join(place);
    let here = env::current_dir().unwrap_or_default();
    let Ok(below) = here.strip_prefix(paths::root()) else { return path.display().to_string() };
    // The folders that both paths share at the beginning.
    let shared = below.components().zip(Path::new(place).components());
    let shared = shared.take_while(|(here, there)| here == there).count();
    let up = below.components().skip(shared).map(|_| "..");
    let down = Path::new(place).components().skip(shared);
    let relative: PathBuf =
        up.map(Path::new).chain(down.map(|part| Path::new(part.as_os_str()))).collect();
    relative.display().to_string()
}
