//! The files that a container needs to grade one lesson: sources, dependencies and a Rust
//! toolchain.

use super::archive::Archive;
use crate::intake::{earlier, package};
use crate::rustc;
use anyhow::{Context, Result, bail};
use course::catalogue::Course;
use course::lesson::Lesson;
use programs::lesson_workspace;
use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use terminal::paths;

/// Adds the lesson without its solution, and the lessons that it depends on with their solutions.
pub(super) fn course(archive: &mut Archive, course: &Course, lesson: &Lesson) -> Result<()> {
    let root = course.root();
    for name in ["Cargo.toml", "Cargo.lock"] {
        archive.file(format!("course/{name}"), root.join(name), 0o644);
    }
    archive.tree("course/crates/sockhelpers", &root.join("crates/sockhelpers"), &is_source)?;
    let earlier = earlier(course, lesson)?;
    for each in earlier.iter().copied().chain([lesson]) {
        let folder = each.folder();
        let is_own = each.id == lesson.id;
        let wanted = |path: &Path| is_source(path) || (path.starts_with("solution") && !is_own);
        let name = format!("course/{}", folder.display());
        archive.tree(&name, &root.join(folder), &wanted)?;
        if is_own {
            archive.folder(format!("{name}/solution"));
        }
    }
    Ok(())
}

/// Whether a path in a crate's folder is needed to build the starter. The solution and the mistakes
/// are not needed.
fn is_source(path: &Path) -> bool {
    !["solution", "mistakes", "fuzz", "target"].iter().any(|other| path.starts_with(other))
}

/// Adds the packages that the lesson depends on, as `cargo vendor` stores them. The packages are in
/// the returned folder. This folder must exist until the archive is written.
pub(super) fn vendored(archive: &mut Archive, lesson: &Lesson) -> Result<TempDir> {
    let manifest = lesson_workspace::manifest(&package(lesson))?;
    let folder = TempDir::new().context("cannot create a temporary folder")?;
    let packages = folder.path().join("vendor");
    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["vendor", "--quiet", "--versioned-dirs", "--manifest-path"])
        .args([manifest.as_os_str(), OsStr::new("--"), packages.as_os_str()])
        .current_dir(paths::root())
        .output()
        .context("cannot run cargo; is it in PATH?")?;
    if !output.status.success() {
        bail!("cargo vendor: {}", String::from_utf8_lossy(&output.stderr).trim_end());
    }
    archive.tree("vendor", &packages, &|_| true)?;
    Ok(folder)
}

/// Adds the compiler, cargo and the standard library, without documentation, lints and sanitizers.
pub(super) fn toolchain(archive: &mut Archive) -> Result<()> {
    let sysroot = PathBuf::from(rustc::output_of(&["--print", "sysroot"], &paths::root())?);
    archive.tree("toolchain", &sysroot, &is_needed)
}

/// Whether a file of the toolchain is needed to build a lesson.
fn is_needed(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    match parts.iter().map(|part| &**part).collect::<Vec<_>>()[..] {
        ["bin", name] => matches!(name, "rustc" | "cargo"),
        ["lib", name] => name.contains(".so"),
        ["lib", "rustlib", _, "lib", _] => !name.contains("_rt."),
        ["lib", "rustlib", _, "bin", ..] => matches!(&*name, "rust-lld" | "ld.lld"),
        _ => false,
    }
}

/// The compiler's version, e.g. `1.95.0`.
pub(super) fn rust_version() -> Result<String> {
    let output = rustc::output_of(&["--version"], &paths::root())?;
    output.split(' ').nth(1).map(str::to_owned).context("rustc --version prints no version")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lesson_is_added_without_its_solution_and_its_dependencies_with_theirs() {
        let opened = Course::open(paths::root()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut archive = Archive::new(&folder.path().join("autograder.zip")).unwrap();
        course(&mut archive, &opened, opened.lesson("w09-l01").unwrap()).unwrap();
        let names = archive.names();
        let below = |folder: &str| -> Vec<&str> {
            names.iter().filter_map(|name| name.strip_prefix(folder)).collect()
        };
        assert_eq!(below("course/lessons/w09-l01-kv-store/solution"), [""], "an empty folder");
        assert!(below("course/lessons/w03-l02-poll-tracker/solution/").contains(&"table.rs"));
        assert!(names.iter().all(|name| !name.contains("/mistakes/") && !name.contains("/w01")));
    }

    #[test]
    fn a_toolchain_is_added_with_its_linker_and_without_documentation() {
        let library = "lib/rustlib/x86_64-unknown-linux-gnu";
        let needed = |path: &str| is_needed(Path::new(path));
        assert!(needed("bin/rustc") && needed("lib/librustc_driver-1.so"));
        assert!(needed(&format!("{library}/lib/libstd-1.rlib")));
        assert!(needed(&format!("{library}/bin/gcc-ld/ld.lld")));
        assert!(!needed("bin/rustdoc") && !needed("share/doc/rust/html/index.html"));
        assert!(!needed(&format!("{library}/bin/wasm-component-ld")));
        assert!(!needed(&format!("{library}/lib/librustc-stable_rt.asan.a")));
        assert!(!needed("lib/rustlib/components"), "a file of rustup");
    }
}
