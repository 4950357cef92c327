//! Finds the projects in a submission's files: for which lessons the projects are, and how each
//! project is built.

mod notes;

use super::content::{self, Content};
use super::intended_name::{ignored_file, is_starter, rename};
use super::layout::{Files, folder_of, outside_of_lessons, top};
use super::lesson_files::{earlier, is_rust, lesson_with_files, names};
use super::project_kind::{Candidate, both, kind};
use super::rejection::{Rejection, refused};
use super::report_files::{Report, notes_on_ignored};
use super::starter::Starters;
use super::tree::Tree;
use super::{Project, ProjectKind};
use crate::model::FileReport;
use course::catalogue::Course;
use course::lesson::Lesson;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The expected files, for messages.
const EXPECTED: &str = "expected the lesson's src/*.rs, or a Makefile, build.sh or submission.toml";

/// The projects in a submission.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The projects by the lesson's id.
    pub(crate) projects: BTreeMap<String, Project>,
    /// Notes for the student.
    pub(crate) notes: Vec<String>,
    /// The files that were used, ignored and filled in.
    pub(crate) files: FileReport,
}

/// What all steps of the search need.
struct Search<'a> {
    course: &'a Course,
    starters: &'a Starters,
    /// The lessons that are looked for, in the course's order.
    asked: Vec<&'a Lesson>,
    /// The files of each lesson's folder.
    folders: Vec<(&'a Lesson, Files<'a>)>,
    found: Found,
    report: Report,
}

/// Finds the projects for the lessons with these ids, or for all lessons if there are no ids.
pub(super) fn find(
    tree: &Tree,
    course: &Course,
    starters: &Starters,
    ids: &[String],
) -> Result<Found, Rejection> {
    let is_asked = |lesson: &&Lesson| ids.is_empty() || ids.contains(&lesson.id);
    let asked: Vec<&Lesson> = course.lessons().iter().filter(is_asked).collect();
    let renamed = rename(top(tree, course, starters), starters)?;
    let top = renamed.files;
    let mut found = Found::default();
    if top.is_empty() {
        found.notes.push(format!("the submission is empty: {EXPECTED}"));
        found.files = Report::new(tree, &top, renamed.ignored).finished();
        return Ok(found);
    }
    let folders = course.lessons().iter().map(|lesson| (lesson, folder_of(&top, lesson))).collect();
    let report = Report::new(tree, &top, renamed.ignored);
    let mut search = Search { course, starters, asked, folders, found, report };
    // If no folder is named after a lesson, all files are one project.
    if search.folders.iter().all(|(_, folder)| folder.is_empty()) {
        search.add_single(&top)?;
    } else {
        search.add_folders(&top, ids)?;
    }
    let Search { mut found, report, .. } = search;
    // The name of a file that no lesson needs does not matter.
    let used = renamed.notes.into_iter().filter(|(given, _)| !report.is_unused(given));
    found.notes.splice(0..0, used.map(|(_, note)| note));
    found.files = report.finished();
    Ok(found)
}

impl<'a> Search<'a> {
    /// Adds the project of a submission whose files are all for one lesson.
    fn add_single(&mut self, top: &Files<'a>) -> Result<(), Rejection> {
        let Some(candidate) = kind(top, &self.starters.names(), self.starters)? else {
            return Err(refused(format!("no file belongs to a lesson: {EXPECTED}")));
        };
        let lessons = self.lessons_of(&candidate, top)?;
        self.note_other_lesson(&candidate, &lessons, top);
        for lesson in lessons {
            if candidate.shown_by.is_none() {
                self.note_unchanged(lesson);
            }
            self.add(lesson, &candidate, top)?;
        }
        Ok(())
    }

    /// Adds the projects in the folders that are named after lessons, and a program beside them.
    fn add_folders(&mut self, top: &Files<'a>, ids: &[String]) -> Result<(), Rejection> {
        let is_single = self.folders.iter().filter(|(_, files)| !files.is_empty()).count() == 1;
        // A student may put the program at the top of a clone of the course.
        let (outside, beside) = self.beside(top)?;
        let mut taken: Vec<&Lesson> = Vec::new();
        let mut unplaced = None;
        match beside.as_ref().map(|beside| self.lessons_of(beside, &outside)) {
            Some(Ok(lessons)) => taken = lessons,
            Some(Err(rejection)) => unplaced = Some(rejection),
            None => {}
        }
        for (lesson, folder) in self.folders.clone() {
            let is_asked = self.asked.iter().any(|asked| asked.id == lesson.id);
            let candidate = kind(&folder, &names(self.course, lesson), self.starters);
            // What is wrong with a lesson that is not graded does not matter.
            let candidate = if is_asked { candidate? } else { candidate.ok().flatten() };
            let Some(candidate) = candidate else { continue };
            let is_taken = taken.iter().any(|one| one.id == lesson.id);
            match (&candidate.shown_by, &beside) {
                _ if !is_asked => self.note_not_graded(lesson, &candidate),
                (Some(own), Some(beside)) if is_taken => {
                    let other = beside.shown_by.as_deref().unwrap_or("the top");
                    return Err(both(own, other));
                }
                (Some(_), _) => self.add(lesson, &candidate, &folder)?,
                (None, _) if is_taken => {}
                (None, _) if is_single && unplaced.is_none() => {
                    self.note_unchanged(lesson);
                    self.add(lesson, &candidate, &folder)?;
                }
                // The unchanged starter of one lesson among others was not handed in.
                (None, _) if !ids.is_empty() => self.note_unchanged(lesson),
                (None, _) => {}
            }
        }
        if let Some(beside) = &beside {
            for lesson in taken {
                self.add(lesson, beside, &outside)?;
            }
        }
        match unplaced {
            Some(rejection) if self.found.projects.is_empty() => return Err(rejection),
            Some(rejection) => {
                let name = beside.and_then(|it| it.shown_by).unwrap_or_default();
                self.found.notes.push(format!("{name} was left out: {rejection}"));
            }
            None => {}
        }
        if self.found.projects.is_empty() && ids.is_empty() && self.found.notes.is_empty() {
            let note = "every file of a lesson is the unchanged starter; nothing is graded";
            self.found.notes.push(note.to_owned());
        }
        Ok(())
    }

    /// The files outside of the lessons' folders that are not the course's own files, and the
    /// program that they are.
    fn beside(&self, top: &Files<'a>) -> Result<(Files<'a>, Option<Candidate>), Rejection> {
        let mut outside = outside_of_lessons(top, self.course);
        outside.retain(|path, entry| {
            let own = std::fs::read(self.course.root().join(path)).ok();
            entry.file.file.as_ref().map(|file| &file.bytes) != own.as_ref()
        });
        let candidate = kind(&outside, &self.starters.names(), self.starters)?;
        // An unchanged starter beside the lessons' folders is nothing that was handed in.
        let candidate = candidate.filter(|candidate| candidate.shown_by.is_some());
        Ok((outside, candidate))
    }

    /// The asked lessons that a project without a lesson's folder is for.
    fn lessons_of(
        &self,
        candidate: &Candidate,
        files: &Files<'_>,
    ) -> Result<Vec<&'a Lesson>, Rejection> {
        let manifest = &candidate.manifest;
        let named = manifest.lesson.as_ref().map(|name| self.course.lesson(name)).transpose();
        let named = named.map_err(|unknown| refused(format!("submission.toml: {unknown}")))?;
        let are_all = self.asked.len() == self.course.lessons().len();
        Ok(match (named, &self.asked[..]) {
            // submission.toml names the lesson.
            (Some(lesson), _) => {
                self.asked.iter().filter(|one| one.id == lesson.id).copied().collect()
            }
            // The instructor names a single lesson.
            (None, [lesson]) => vec![*lesson],
            // The names of a crate's files show the lesson.
            (None, _) if manifest.kind == ProjectKind::Crate => {
                vec![lesson_with_files(self.course, &self.asked, &source_names(candidate, files))?]
            }
            (None, _) if are_all => {
                return Err(refused(
                    "the submission does not say for which lesson it is; write lesson = \
                     \"w03-l02\" (for example) in a submission.toml, or grade it with --lesson",
                ));
            }
            // A program is graded for each lesson that the instructor names.
            (None, several) => several.to_vec(),
        })
    }

    /// Adds the project for `lesson`, made of `files`.
    fn add(
        &mut self,
        lesson: &Lesson,
        candidate: &Candidate,
        files: &Files<'a>,
    ) -> Result<(), Rejection> {
        let kind = &candidate.manifest.kind;
        let needed = match kind {
            ProjectKind::Crate => self.crate_content(lesson, &candidate.place, files)?,
            ProjectKind::Program { .. } => {
                let mut own = files.clone();
                if !candidate.has_own_sources {
                    self.leave_out_starter(&mut own);
                }
                let (content, notes) = content::program(&own)?;
                self.note_once(notes);
                content
            }
        };
        let starter = self.starters.lesson(&lesson.id).filter(|_| *kind == ProjectKind::Crate);
        let notes = self.report.lesson(&lesson.id, &needed, starter);
        self.found.notes.extend(notes);
        let files = needed.into_iter().map(|(path, (file, _))| (path, file)).collect();
        let digest = content::digest(&lesson.id, kind, &files);
        let project = Project { digest, kind: kind.clone(), files };
        self.found.projects.insert(lesson.id.clone(), project);
        Ok(())
    }

    /// The sources of a crate, and those of the earlier lessons that it builds on. The latter come
    /// from the submission if the student changed them there, and otherwise from the course.
    fn crate_content(
        &mut self,
        lesson: &Lesson,
        place: &Path,
        files: &Files<'a>,
    ) -> Result<Content<'a>, Rejection> {
        self.found.notes.extend(notes_on_ignored(self.course, lesson, files));
        let mut needed = content::sources(files, place)?;
        for other in earlier(self.course, lesson)? {
            let folder = self.folders.iter().find(|(one, _)| one.id == other.id);
            let own = match folder {
                Some((_, files)) if self.is_changed(other, files)? => {
                    content::sources(files, Path::new("src"))?
                }
                _ => Content::new(),
            };
            let whose = if own.is_empty() { "the course's" } else { "the submission's own" };
            self.found.notes.push(format!("{} builds on {whose} {}", lesson.id, other.id));
            let inside = |(path, file): (PathBuf, _)| (Path::new(&other.id).join(path), file);
            needed.extend(own.into_iter().map(inside));
        }
        Ok(needed)
    }

    /// Leaves the unchanged starter out of the files of a program in another language.
    fn leave_out_starter(&mut self, files: &mut Files<'_>) {
        files.retain(|path, entry| {
            let name = path.strip_prefix("src").unwrap_or(path).to_str().unwrap_or_default();
            let is_own = !is_starter(self.starters, name, entry);
            if !is_own {
                self.report.ignore(ignored_file(entry.given, "the unchanged starter"));
            }
            is_own
        });
    }

    /// Whether a lesson's folder has a crate that is not the unchanged starter.
    fn is_changed(&self, lesson: &Lesson, files: &Files<'_>) -> Result<bool, Rejection> {
        let candidate = kind(files, &names(self.course, lesson), self.starters)?;
        Ok(candidate.is_some_and(|it| it.place == Path::new("src") && it.shown_by.is_some()))
    }
}

/// The names of a crate's sources, and of the folders with further sources.
fn source_names<'a>(candidate: &Candidate, files: &'a Files<'_>) -> BTreeSet<&'a OsStr> {
    let sources = files.keys().filter_map(|path| path.strip_prefix(&candidate.place).ok());
    sources.filter(|path| is_rust(path)).filter_map(|path| path.iter().next()).collect()
}
