//! Where the course lies on this machine.

use course::catalogue::Course;
use course::lesson::Lesson;
use course::problem::Unknown;
use std::env;
use std::path::{Path, PathBuf};

/// The workspace's root: above the manifest that `cargo run` names, else where this was compiled.
pub fn root() -> PathBuf {
    let manifest = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let ours = manifest.filter(|folder| folder.ends_with("xtask"));
    let folder = ours.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    folder.parent().map_or_else(|| folder.clone(), Path::to_path_buf)
}

/// Where builds go: `CARGO_TARGET_DIR`, else `target/` in the root.
pub fn target() -> PathBuf {
    fresh::target(&root())
}

/// The lessons of these names; all of them where there are none.
///
/// # Errors
/// A name that no lesson has.
pub fn lessons<'a>(course: &'a Course, names: &[String]) -> Result<Vec<&'a Lesson>, Unknown> {
    match names {
        [] => Ok(course.lessons().iter().collect()),
        names => names.iter().map(|name| course.lesson(name)).collect(),
    }
}
