//! Grades the submissions of a class, several at the same time. Each result is saved as soon as the
//! result is known.

use super::copies;
use super::progress::{Done, Progress};
use crate::grade_lesson;
use crate::intake::{self, Content, Project, Rejection, SubmissionSource};
use crate::locks::{KeyLocks, lock};
use crate::model::{LessonGrade, Submission, Verdict};
use crate::store::{State, Store};
use anyhow::{Error, Result};
use course::catalogue::Course;
use course::lesson::Lesson;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use terminal::interrupt;

/// A function that grades one lesson of a submission. An error stops the whole run.
pub(super) type Grader<'a> = dyn Fn(&Lesson, &Project) -> Result<LessonGrade> + Sync + 'a;

/// The state that the worker threads share.
pub(super) struct Workers<'a> {
    course: &'a Course,
    lessons: &'a [&'a Lesson],
    /// The lessons for which submissions are read. If empty, a submission is read for all lessons
    /// that it contains.
    ids: Vec<String>,
    store: Mutex<Store>,
    grader: &'a Grader<'a>,
    /// A lock for each content, by its digest. A worker holds the lock while it grades the content,
    /// so that several submissions with the same content are graded once.
    contents: KeyLocks,
    /// Whether submissions are graded although there are results for their content.
    pub(super) grades_again: bool,
}

impl<'a> Workers<'a> {
    /// The work for `lessons`. If `named` is true, `--lesson` named these lessons: a submission
    /// that does not name its lesson may then be for any of them. If `named` is false, a submission
    /// is read for all lessons that it contains. The lessons of a submission then do not depend on
    /// other submissions.
    pub(super) fn new(
        course: &'a Course,
        lessons: &'a [&'a Lesson],
        named: bool,
        store: Store,
        grader: &'a Grader<'a>,
    ) -> Self {
        let named = lessons.iter().filter(|_| named);
        let ids = named.map(|lesson| lesson.id.clone()).collect();
        let (store, contents) = (Mutex::new(store), KeyLocks::default());
        Self { course, lessons, ids, store, grader, contents, grades_again: false }
    }

    /// Grades all of `sources` with `jobs` threads, until everything is graded or Ctrl-C is
    /// pressed.
    ///
    /// # Errors
    /// The first fault after which grading cannot continue, e.g. a full disk or a missing compiler.
    pub(super) fn grade_all(
        &self,
        sources: &[SubmissionSource],
        jobs: usize,
        progress: &Progress,
    ) -> Result<()> {
        let (next, fault) = (AtomicUsize::new(0), Mutex::new(None));
        let work = || {
            while let Some(source) = sources.get(next.fetch_add(1, Relaxed)) {
                if interrupt::requested() {
                    return progress.stopping();
                }
                match self.grade_source(source) {
                    Ok((submission, done)) => progress.done(&submission, done),
                    Err(error) => {
                        next.store(sources.len(), Relaxed);
                        lock(&fault).get_or_insert(error);
                    }
                }
            }
        };
        thread::scope(|scope| {
            (0..jobs.min(sources.len())).for_each(|_| drop(scope.spawn(work)));
        });
        lock(&fault).take().map_or(Ok(()), Err::<(), Error>)
    }

    /// The submissions of `sources` that are inconclusive.
    pub(super) fn inconclusive(
        &self,
        sources: &[SubmissionSource],
    ) -> Result<Vec<SubmissionSource>> {
        let mut found = Vec::new();
        for source in sources {
            let known = self.store().find(&source.student)?;
            if known.is_some_and(|it| State::of(&it) == State::Inconclusive) {
                found.push(source.clone());
            }
        }
        Ok(found)
    }

    pub(super) fn into_store(self) -> Store {
        self.store.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn grade_source(&self, source: &SubmissionSource) -> Result<(Submission, Done)> {
        let known = self.store().find(&source.student)?;
        // Read the submission. If it cannot be read, there is no content to grade.
        let content = match intake::read(source, self.course, &self.ids) {
            Ok(content) => content,
            Err(rejection) => return self.save(self.rejected(source, rejection), known.as_ref()),
        };
        if known.as_ref().is_none_or(|it| it.digest != content.digest) {
            self.store().save_sources(&source.student, &copies::sources(source, &content))?;
        }
        // If the content has not changed, it is not graded again. The submission's time and its
        // notes may have changed, so they are saved.
        let same = known.as_ref().filter(|it| !self.grades_again && it.digest == content.digest);
        if let Some(same) = same.filter(|it| State::of(it) == State::Graded) {
            let lessons = same.lessons.clone();
            return self.save(submission(source, &content, lessons), known.as_ref());
        }
        // Wait until no other worker grades the same content. Meanwhile, that worker may have saved
        // results for this content.
        let content_lock = self.contents.of(&content.digest);
        let _guard = lock(&content_lock);
        let duplicate = match same {
            None if !self.grades_again => self.store().find_content(&content.digest)?,
            _ => None,
        };
        let lessons = match duplicate {
            Some(duplicate) => duplicate.lessons.into_iter().map(copied).collect(),
            None => self.grade(&content, same)?,
        };
        let submission = submission(source, &content, lessons);
        if interrupt::requested() && State::of(&submission) == State::Inconclusive {
            return Ok((submission, Done::Stopped));
        }
        self.save(submission, known.as_ref())
    }

    /// Grades each lesson. A lesson that was graded `before` is graded again only if its verdict
    /// was inconclusive.
    fn grade(&self, content: &Content, before: Option<&Submission>) -> Result<Vec<LessonGrade>> {
        let before = |id: &str| {
            let mut lessons = before?.lessons.iter();
            lessons.find(|it| it.lesson == id && it.verdict != Verdict::Inconclusive).cloned()
        };
        let mut grades = Vec::new();
        for lesson in self.lessons {
            grades.push(match (before(&lesson.id), content.projects.get(&lesson.id)) {
                (Some(grade), _) => grade,
                (None, None) => grade_lesson::ungraded(lesson, Verdict::Missing, ""),
                (None, Some(_)) if interrupt::requested() => {
                    grade_lesson::ungraded(lesson, Verdict::Inconclusive, "stopped")
                }
                (None, Some(project)) => (self.grader)(lesson, project)?,
            });
        }
        Ok(grades)
    }

    /// The result of a submission that cannot be read or is not a submission.
    fn rejected(&self, source: &SubmissionSource, rejection: Rejection) -> Submission {
        let (verdict, reason) = match rejection {
            Rejection::Refused(reason) => (Verdict::Refused, reason),
            Rejection::Unreadable(reason) => (Verdict::Inconclusive, reason),
            Rejection::NotHandedIn => (Verdict::NotHandedIn, String::new()),
        };
        let lessons = self.lessons.iter().map(|it| grade_lesson::ungraded(it, verdict, &reason));
        Submission { lessons: lessons.collect(), ..unread(source) }
    }

    /// Saves the result, unless the same result is saved already.
    fn save(&self, now: Submission, known: Option<&Submission>) -> Result<(Submission, Done)> {
        if known == Some(&now) {
            return Ok((now, Done::Unchanged));
        }
        self.store().save(&now)?;
        let same = known.is_some_and(|known| known.lessons == now.lessons);
        Ok((now, if same { Done::Unchanged } else { Done::Graded }))
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        lock(&self.store)
    }
}

/// The submission without its content: what is known before it is read.
fn unread(source: &SubmissionSource) -> Submission {
    Submission {
        student: source.student.clone(),
        submitted: source.time(),
        person: source.person.clone(),
        allowance: source.allowance,
        notes: source.notes.clone(),
        ..Submission::default()
    }
}

fn submission(
    source: &SubmissionSource,
    content: &Content,
    lessons: Vec<LessonGrade>,
) -> Submission {
    Submission {
        digest: content.digest.clone(),
        files: content.files.clone(),
        notes: content.notes.clone(),
        lessons,
        ..unread(source)
    }
}

/// The grade for a submission whose content is the same as that of a graded submission. The new
/// submission needed no build, so its build time is zero.
fn copied(mut grade: LessonGrade) -> LessonGrade {
    grade.build.seconds = 0.0;
    grade
}

#[cfg(test)]
mod tests;
