//! The names that learning platforms give to folders and files of submissions.
//!
//! | platform | name |
//! |---|---|
//! | Moodle | `Ada Lovelace_123_assignsubmission_file_/w03.zip`; also without the folder |
//! | Canvas | `lovelaceada_123_456_server.rs`, `lovelaceada_LATE_123_456_server.rs` |
//! | Gradescope | `submission_123/`, with `submission_metadata.yml` beside the folders |
//! | `cargo xtask ship` | `w03-l02-ada-lovelace.tar.gz`, an archive for each lesson |
//! | others | `ada/`, `ada.zip` |

use super::stem_of;
use crate::intake::archive_format::by_name;
use crate::intake::name::readable;
use crate::intake::{Input, file_name};
use crate::model::Person;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// One submission, as the names of its files describe it.
#[derive(Clone, Debug)]
pub(super) struct HandIn {
    /// The student's name according to the platform.
    pub(super) name: String,
    /// The student's id at the institution; empty if the platform does not tell it.
    pub(super) id: String,
    /// The platform's own number of the student; empty if it has none. Moodle numbers the students
    /// of an assignment, so this is no id.
    pub(super) number: String,
    /// The student's e-mail address; empty if it is not known.
    pub(super) email: String,
    /// The names of the entries in the folder of submissions, in readable characters.
    pub(super) entries: Vec<String>,
    /// The folder, archive or files.
    pub(super) input: Input,
    /// The platform's time, in seconds since 1970.
    pub(super) time: Option<i64>,
    /// Notes for the student.
    pub(super) notes: Vec<String>,
}

impl HandIn {
    /// The student's name. If the platform has several students of this name, the name has the
    /// platform's number or the id too.
    pub(super) fn student(&self, all: &[HandIn]) -> String {
        let own = if self.number.is_empty() { &self.id } else { &self.number };
        let is_namesake = |other: &HandIn| {
            other.name == self.name && (&other.number, &other.id) != (&self.number, &self.id)
        };
        match all.iter().any(is_namesake) && !own.is_empty() {
            true => format!("{} ({own})", self.name),
            false => self.name.clone(),
        }
    }

    pub(super) fn person(&self) -> Person {
        Person::of(&self.id, &self.email)
    }

    /// Whether this can be a submission, and not only a stray file.
    pub(super) fn is_possible(&self) -> bool {
        match &self.input {
            Input::Entry(path) => path.is_dir() || by_name(file_name(path)).is_some(),
            Input::Files(files) => !files.is_empty(),
            Input::Nothing => false,
        }
    }
}

/// A platform's name of a file or folder.
struct PlatformName<'a> {
    student: &'a str,
    number: &'a str,
    /// The name of the file as the student named it; empty for a folder.
    file: &'a str,
    is_late: bool,
}

/// The submissions among the entries of a folder, in the order of their names.
pub(super) fn hand_ins(paths: &[PathBuf]) -> Vec<HandIn> {
    let mut found: Vec<HandIn> = Vec::new();
    // The place in `found` of each student, by the platform's name and number.
    let mut places: BTreeMap<(String, String), usize> = BTreeMap::new();
    for path in paths {
        let entry = readable(file_name(path));
        let is_folder = path.is_dir();
        let of_file = || canvas(&entry).or_else(|| shipped(&entry)).filter(|_| !is_folder);
        let Some(name) = moodle(&entry).or_else(of_file) else {
            found.push(HandIn {
                name: stem_of(path),
                id: String::new(),
                number: String::new(),
                email: String::new(),
                entries: vec![entry],
                input: Input::Entry(path.clone()),
                time: None,
                notes: Vec::new(),
            });
            continue;
        };
        let key = (name.student.to_owned(), name.number.to_owned());
        let place = *places.entry(key).or_insert(found.len());
        if place == found.len() {
            found.push(HandIn {
                name: name.student.to_owned(),
                id: String::new(),
                number: name.number.to_owned(),
                email: String::new(),
                entries: Vec::new(),
                input: Input::Files(Vec::new()),
                time: None,
                notes: Vec::new(),
            });
        }
        found[place].add(path, &entry, &name, is_folder);
    }
    found
}

impl HandIn {
    /// Adds a file or folder of the same student.
    fn add(&mut self, path: &Path, entry: &str, name: &PlatformName<'_>, is_folder: bool) {
        let late = "the platform marks it as late";
        if name.is_late && !self.notes.iter().any(|note| note == late) {
            self.notes.push(late.to_owned());
        }
        self.entries.push(entry.to_owned());
        match &mut self.input {
            // What the student typed into a form is no program.
            _ if is_text(entry, name) => {}
            Input::Files(files) if is_folder && files.is_empty() => {
                self.input = Input::Entry(path.to_owned());
            }
            Input::Files(files) if !is_folder => {
                files.push((name.file.to_owned(), path.to_owned()))
            }
            _ => self.notes.push(format!("{entry} was left out: it is a second submission")),
        }
    }
}

/// Whether this is the text that a student typed into the platform's form.
fn is_text(entry: &str, name: &PlatformName<'_>) -> bool {
    entry.contains("_assignsubmission_onlinetext") || name.file == "text.html"
}

/// A name in Moodle's download of all submissions.
fn moodle(entry: &str) -> Option<PlatformName<'_>> {
    let (start, end) = entry.split_once("_assignsubmission_")?;
    let (student, number) = start.rsplit_once('_').filter(|(_, number)| is_number(number))?;
    let (_, file) = end.split_once('_').unwrap_or((end, ""));
    Some(PlatformName { student, number, file, is_late: false })
}

/// A name in Canvas' download of all submissions: the student's name and number, the file's number
/// and the file's name. `LATE` is behind the student's name if the submission was late.
fn canvas(entry: &str) -> Option<PlatformName<'_>> {
    let parts: Vec<&str> = entry.split('_').collect();
    let at = (1..parts.len().saturating_sub(2))
        .find(|at| is_number(parts[*at]) && is_number(parts[*at + 1]))?;
    let length = |parts: &[&str]| parts.iter().map(|part| part.len() + 1).sum::<usize>();
    let student = &entry[..length(&parts[..at]) - 1];
    let file = &entry[length(&parts[..at + 2])..];
    let on_time = student.strip_suffix("_LATE").or(student.strip_suffix("_late"));
    let is_valid = !student.is_empty() && !file.is_empty();
    is_valid.then_some(PlatformName {
        student: on_time.unwrap_or(student),
        number: parts[at],
        file,
        is_late: on_time.is_some(),
    })
}

/// The name of an archive that `cargo xtask ship` has written: the lesson's id, and the student's
/// name.
fn shipped(entry: &str) -> Option<PlatformName<'_>> {
    let (lesson, rest) = entry.split_at_checked("w03-l02-".len())?;
    let [b'w', week @ .., b'-'] = lesson.as_bytes() else { return None };
    let is_id = matches!(week, [a, b, b'-', b'l', c, d] if [a, b, c, d].iter().all(|it| it.is_ascii_digit()));
    let student = rest.strip_suffix(".tar.gz").filter(|student| is_id && !student.is_empty())?;
    Some(PlatformName { student, number: "", file: entry, is_late: false })
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_moodle_and_canvas_are_taken_apart() {
        let parts = |name: PlatformName<'_>| {
            (name.student.to_owned(), name.number.to_owned(), name.file.to_owned(), name.is_late)
        };
        let expected = |student: &str, number: &str, file: &str, is_late| {
            Some((student.to_owned(), number.to_owned(), file.to_owned(), is_late))
        };
        let moodle = |entry| moodle(entry).map(parts);
        let ada = "Ada King_Lovelace_12_assignsubmission_file_";
        assert_eq!(moodle(ada), expected("Ada King_Lovelace", "12", "", false));
        assert_eq!(moodle("A_1_assignsubmission_file"), expected("A", "1", "", false));
        let flat = "A_1_assignsubmission_file_my_w03.zip";
        assert_eq!(moodle(flat), expected("A", "1", "my_w03.zip", false));
        assert_eq!(moodle("A_assignsubmission_file_"), None);
        let ship = |entry| shipped(entry).map(parts);
        let name = "w03-l02-ada-lovelace.tar.gz";
        assert_eq!(ship(name), expected("ada-lovelace", "", name, false));
        for other in ["w03-l02-.tar.gz", "w03-l02-ada.zip", "w3-l02-ada.tar.gz", "é3-l02-ada"] {
            assert_eq!(ship(other), None, "{other}");
        }
        let canvas = |entry| canvas(entry).map(parts);
        assert_eq!(canvas("doe_1_2_a_b.rs"), expected("doe", "1", "a_b.rs", false));
        assert_eq!(canvas("doe_LATE_1_2_a.rs"), expected("doe", "1", "a.rs", true));
        assert_eq!(canvas("doe_x_1_2_a.rs"), expected("doe_x", "1", "a.rs", false));
        for other in ["doe_1_2", "_1_2_a", "doe_1_a_2.rs", "doe.zip", "", "___", "1_2_3"] {
            assert_eq!(canvas(other), None, "{other}");
        }
    }
}
