//! Finds the submissions of a class, and says who handed in each of them, and when.

mod commit;
mod gradescope;
mod people;
mod platform;
mod roster;
mod times;

pub(super) use commit::time as commit_time;

use super::archive_format::by_name;
use super::name;
use super::{EXPECTED, Input, SubmissionSource, file_name};
use crate::model::{Allowance, HandInTime, Person, TimeSource};
use anyhow::{Context, Result, bail};
use platform::HandIn;
use roster::Roster;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use times::Times;

/// The instructor's files about a class.
#[derive(Clone, Debug, Default)]
pub struct ClassFiles {
    /// The people of the class, `--roster`.
    pub roster: Option<PathBuf>,
    /// The times of the submissions, `--submitted`.
    pub times: Option<PathBuf>,
}

/// The submissions of a class.
#[derive(Clone, Debug, Default)]
pub struct ClassSources {
    /// One for each student, also for those who are in the roster and handed in nothing.
    pub sources: Vec<SubmissionSource>,
    /// What is wrong with the instructor's files, a line for each problem, with the next step. All
    /// other lines of these files count.
    pub problems: Vec<String>,
    /// How many of the problems are lines or columns that cannot be used.
    pub unusable: usize,
}

/// The submissions in `folder`, sorted by the students' names. Entries that are neither a
/// folder nor an archive are included too, so that no student is missing from the results.
/// [`read`](super::read) refuses these entries.
///
/// # Errors
/// The folder cannot be read, contains no submission, or is itself a submission. One of the
/// instructor's files cannot be read.
pub fn find(folder: &Path, files: &ClassFiles) -> Result<ClassSources> {
    let mut problems = Vec::new();
    let roster =
        files.roster.as_deref().map(|file| Roster::read(file, &mut problems)).transpose()?;
    let times = files.times.as_deref().map(|file| Times::read(file, &mut problems)).transpose()?;
    let unusable = problems.len();
    let paths = entries(folder, files)?;
    let mut hand_ins = platform::hand_ins(&paths);
    gradescope::apply(folder, &mut hand_ins, &mut problems)?;
    let place = folder.display();
    if !hand_ins.iter().any(HandIn::is_possible) {
        bail!("there is no submission in {place}; it has to hold {EXPECTED}");
    }
    let matched = people::matched(&hand_ins, roster.as_ref(), &mut problems);
    let mut sources = Vec::new();
    let mut taken = BTreeSet::new();
    let mut found_times = BTreeSet::new();
    for (hand_in, person) in hand_ins.iter().zip(&matched) {
        let person = person.and_then(|index| roster.as_ref().map(|roster| &roster.people[index]));
        let whole =
            person.map_or_else(|| hand_in.student(&hand_ins), |person| person.label.clone());
        let student = name::unique(name::student(whole.as_bytes()), &mut taken);
        let mut notes = hand_in.notes.clone();
        if student != name::student(whole.as_bytes()) {
            let entries = hand_in.entries.join(", ");
            notes.push(format!(
                "handed in as {entries}; another submission has the same student name"
            ));
        }
        let id = person.map(|person| person.id.as_str());
        let time = times.as_ref().and_then(|times| times.of(hand_in, id, &mut found_times));
        let time = time.map(|seconds| HandInTime { seconds, source: TimeSource::TimesFile });
        let platform = hand_in.time;
        let platform = platform.map(|seconds| HandInTime { seconds, source: TimeSource::Platform });
        sources.push(SubmissionSource {
            student,
            input: hand_in.input.clone(),
            submitted: time.or(platform),
            person: person.map_or_else(|| hand_in.person(), roster::Person::contact),
            allowance: person.map_or_else(Allowance::default, |person| person.allowance),
            notes,
        });
    }
    sources.extend(absent(roster.as_ref(), &matched, &mut taken));
    sources.sort_by(|one, other| one.student.cmp(&other.student));
    if let Some(times) = &times {
        times.report_unused(&found_times, folder, &mut problems);
    }
    Ok(ClassSources { sources, problems, unusable })
}

/// A source without files for each person who has handed in nothing.
fn absent(
    roster: Option<&Roster>,
    matched: &[Option<usize>],
    taken: &mut BTreeSet<String>,
) -> Vec<SubmissionSource> {
    let people = roster.iter().flat_map(|roster| roster.people.iter().enumerate());
    let is_absent = |index: &usize| !matched.contains(&Some(*index));
    people
        .filter(|(index, _)| is_absent(index))
        .map(|(_, person)| SubmissionSource {
            student: name::unique(name::student(person.label.as_bytes()), taken),
            input: Input::Nothing,
            submitted: None,
            person: person.contact(),
            allowance: person.allowance,
            notes: Vec::new(),
        })
        .collect()
}

impl Person {
    fn of(id: &str, email: &str) -> Self {
        Self { id: name::student(id.as_bytes()), email: name::student(email.as_bytes()) }
    }
}

/// The entries of the folder, sorted by name, without hidden files and the instructor's files.
fn entries(folder: &Path, files: &ClassFiles) -> Result<Vec<PathBuf>> {
    let place = folder.display();
    let listed = fs::read_dir(folder)
        .with_context(|| format!("cannot read {place}; it has to be a folder with {EXPECTED}"))?;
    let own: Vec<_> = [&files.roster, &files.times]
        .into_iter()
        .flatten()
        .filter_map(|file| file.canonicalize().ok())
        .collect();
    let mut paths = Vec::new();
    for entry in listed {
        let entry = entry.with_context(|| format!("cannot read {place}"))?;
        let is_own = || entry.path().canonicalize().is_ok_and(|path| own.contains(&path));
        if !entry.file_name().as_bytes().starts_with(b".") && !is_own() {
            paths.push(entry.path());
        }
    }
    paths.sort();
    if let Some(path) = paths.iter().find(|path| is_submission_file(path)) {
        let name = path.file_name().unwrap_or_default().display();
        bail!("{place} has a {name}, as a submission has; give the folder that holds {EXPECTED}");
    }
    Ok(paths)
}

/// Whether this entry at the top of a folder shows that the folder is itself a submission.
fn is_submission_file(path: &Path) -> bool {
    match file_name(path) {
        b"src" => path.is_dir(),
        b"Cargo.toml" | b"submission.toml" | b"Makefile" | b"build.sh" => path.is_file(),
        _ => false,
    }
}

/// An entry's name without an archive's suffix, in readable characters.
pub(super) fn stem_of(path: &Path) -> String {
    let name = file_name(path);
    let is_folder = path.is_dir();
    let stem = by_name(name).filter(|_| !is_folder).map_or(name, |(_, stem)| stem);
    name::readable(stem)
}
