//! The files of a project: sources of a crate, and the files of a program in any language.

use super::layout::{Entry, Files};
use super::lesson_files::is_rust;
use super::rejection::{Rejection, refused};
use super::starter::without_carriage_returns;
use super::tree::MAX_FILE_SIZE;
use super::{File, ProjectKind};
use crate::digest::Digest;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The files of a project, with the path of each file as it was handed in.
pub(super) type Content<'a> = BTreeMap<PathBuf, (File, &'a Path)>;

/// The Rust files in `place` and its subfolders, by their path in the crate.
pub(super) fn sources<'a>(files: &Files<'a>, place: &Path) -> Result<Content<'a>, Rejection> {
    let mut sources = Content::new();
    for (path, entry) in files.iter().filter(|(path, _)| is_rust(path)) {
        let Ok(inside) = path.strip_prefix(place) else { continue };
        // If the sources are at the top, subfolders are ignored, because they may contain anything.
        if place.as_os_str().is_empty() && inside.components().count() > 1 {
            continue;
        }
        // The file's mode does not matter to the compiler. Therefore the mode must not change the
        // hash.
        let source = File { is_executable: false, ..text(entry)? };
        sources.insert(Path::new("src").join(inside), (source, entry.given));
    }
    Ok(sources)
}

/// All files of a program in any language, and notes on files that were changed.
pub(super) fn program<'a>(files: &Files<'a>) -> Result<(Content<'a>, Vec<String>), Rejection> {
    let (mut content, mut notes) = (Content::new(), Vec::new());
    for (path, entry) in files {
        let mut file = if is_text(path) { text(entry)? } else { complete(entry)? };
        // A shell and make take a carriage return for a part of the command.
        if is_script(path, &file.bytes) && file.bytes.contains(&b'\r') {
            file.bytes = without_carriage_returns(&file.bytes);
            let given = entry.given.display();
            notes
                .push(format!("{given} has the line ends of Windows; it runs with those of Linux"));
        }
        content.insert(path.clone(), (file, entry.given));
    }
    Ok((content, notes))
}

/// The content of a file that a project needs.
///
/// # Errors
/// The file is larger than [`MAX_FILE_SIZE`].
pub(super) fn complete(entry: &Entry<'_>) -> Result<File, Rejection> {
    entry.file.file.clone().ok_or_else(|| {
        let most = MAX_FILE_SIZE >> 20;
        refused(format!("{} has more than {most} MiB; leave it out", entry.given.display()))
    })
}

/// The content of a source file.
///
/// # Errors
/// The file is too large, or is in UTF-16.
fn text(entry: &Entry<'_>) -> Result<File, Rejection> {
    let file = complete(entry)?;
    match is_utf16(&file.bytes) {
        true => Err(refused(format!(
            "{} is in UTF-16, which no compiler here reads; save it in UTF-8",
            entry.given.display()
        ))),
        false => Ok(file),
    }
}

/// Whether a text is in UTF-16: it begins with a byte order mark, or every second byte of its
/// beginning is 0, as for ASCII characters.
fn is_utf16(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(64) & !1];
    let zeros = |from: usize| start.iter().skip(from).step_by(2).all(|byte| *byte == 0);
    let has_mark = start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff");
    has_mark || (start.len() >= 4 && zeros(0) != zeros(1))
}

fn is_text(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let is_source = ["rs", "c", "h", "py", "sh", "toml", "mk"].contains(&ending);
    is_source || is_makefile(path)
}

fn is_script(path: &Path, bytes: &[u8]) -> bool {
    path.extension().is_some_and(|ending| ending == "sh")
        || is_makefile(path)
        || bytes.starts_with(b"#!")
}

fn is_makefile(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.eq_ignore_ascii_case("makefile"))
        || path.file_name().is_some_and(|name| name == "GNUmakefile")
}

/// The hash of a lesson's id, a project's kind, and all its files.
pub(super) fn digest(lesson: &str, kind: &ProjectKind, files: &BTreeMap<PathBuf, File>) -> String {
    let mut digest = Digest::default();
    digest.add(lesson);
    digest.add(format!("{kind:?}"));
    for (path, file) in files {
        digest.add(path.as_os_str().as_encoded_bytes());
        digest.add([u8::from(file.is_executable)]);
        digest.add(&file.bytes);
    }
    digest.hex()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf16_is_recognized_with_and_without_a_mark() {
        let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
        let big = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>();
        assert!(is_utf16(&wide("\u{feff}fn main() {}")) && is_utf16(&big("\u{feff}fn")));
        assert!(is_utf16(&wide("fn main() {}")) && is_utf16(&big("fn main() {}")));
        for text in ["", "f", "fn main() {}", "\u{feff}fn", "日本語", "\0\0\0\0\0\0"] {
            assert!(!is_utf16(text.as_bytes()), "{text:?}");
        }
    }
}
