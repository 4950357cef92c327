//! The work on a class: several submissions at a time, each kept as soon as it is graded.

use super::progress::{Done, Progress};
use crate::grade_lesson;
use crate::intake::{self, Content, Project, Rejection, SubmissionSource};
use crate::model::{LessonGrade, Submission, Verdict};
use crate::store::{State, Store};
use anyhow::{Error, Result};
use course::catalogue::Course;
use course::lesson::Lesson;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use xtask::interrupt;

/// Grades one lesson of a submission. An error ends the run.
pub(super) type Grader<'a> = dyn Fn(&Lesson, &Project) -> Result<LessonGrade> + Sync + 'a;

/// What the workers share.
pub(super) struct Workers<'a> {
    course: &'a Course,
    lessons: &'a [&'a Lesson],
    /// The lessons that a submission is read for; none: for whatever it holds.
    ids: Vec<String>,
    store: Mutex<Store>,
    grader: &'a Grader<'a>,
    /// A lock for each content, held while it is graded.
    contents: Mutex<HashMap<String, Arc<Mutex<()>>>>,
}

impl<'a> Workers<'a> {
    /// The work for `lessons`. Where they are `named`, what does not say for which lesson it is may
    /// be for them; where they are not, what a submission holds depends on no other one.
    pub(super) fn new(
        course: &'a Course,
        lessons: &'a [&'a Lesson],
        named: bool,
        store: Store,
        grader: &'a Grader<'a>,
    ) -> Self {
        let named = lessons.iter().filter(|_| named);
        let ids = named.map(|lesson| lesson.id.clone()).collect();
        let (store, contents) = (Mutex::new(store), Mutex::default());
        Self { course, lessons, ids, store, grader, contents }
    }

    /// Grades all of `sources`, `jobs` at a time, until all are graded or Ctrl-C asks to stop.
    ///
    /// # Errors
    /// The first fault that leaves no sense in going on: no room for results, no compiler.
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

    /// Those of `sources` that could not be graded.
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
        let content = match intake::read(source, self.course, &self.ids) {
            Ok(content) => content,
            Err(rejection) => return self.keep(self.rejected(source, rejection), known.as_ref()),
        };
        let same = known.as_ref().filter(|it| it.digest == content.digest);
        if let Some(same) = same.filter(|it| State::of(it) == State::Graded) {
            let lessons = same.lessons.clone();
            return self.keep(submission(source, &content, lessons), known.as_ref());
        }
        let alone = self.lock_of(&content.digest);
        let _alone = lock(&alone);
        let twin = match same {
            None => self.store().find_content(&content.digest)?,
            Some(_) => None,
        };
        let lessons = match twin {
            Some(twin) => twin.lessons.into_iter().map(copied).collect(),
            None => self.grade(&content, same)?,
        };
        let submission = submission(source, &content, lessons);
        if interrupt::requested() && State::of(&submission) == State::Inconclusive {
            return Ok((submission, Done::Stopped));
        }
        self.keep(submission, known.as_ref())
    }

    /// Grades each lesson; of those that were graded `before`, the inconclusive ones alone.
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

    /// What cannot be read, or is no submission.
    fn rejected(&self, source: &SubmissionSource, rejection: Rejection) -> Submission {
        let (verdict, reason) = match rejection {
            Rejection::Refused(reason) => (Verdict::Refused, reason),
            Rejection::Unreadable(reason) => (Verdict::Inconclusive, reason),
        };
        let lessons = self.lessons.iter().map(|it| grade_lesson::ungraded(it, verdict, &reason));
        Submission {
            student: source.student.clone(),
            submitted: None,
            digest: String::new(),
            notes: Vec::new(),
            lessons: lessons.collect(),
        }
    }

    /// Keeps it, unless that is what is known already.
    fn keep(&self, now: Submission, known: Option<&Submission>) -> Result<(Submission, Done)> {
        if known == Some(&now) {
            return Ok((now, Done::Unchanged));
        }
        self.store().keep(&now)?;
        let same = known.is_some_and(|known| known.lessons == now.lessons);
        Ok((now, if same { Done::Unchanged } else { Done::Graded }))
    }

    fn lock_of(&self, digest: &str) -> Arc<Mutex<()>> {
        Arc::clone(lock(&self.contents).entry(digest.to_owned()).or_default())
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        lock(&self.store)
    }
}

fn submission(
    source: &SubmissionSource,
    content: &Content,
    lessons: Vec<LessonGrade>,
) -> Submission {
    Submission {
        student: source.student.clone(),
        submitted: content.submitted,
        digest: content.digest.clone(),
        notes: content.notes.clone(),
        lessons,
    }
}

/// The grade of a submission whose content another one had.
fn copied(mut grade: LessonGrade) -> LessonGrade {
    grade.build.seconds = 0.0;
    grade
}

/// A panic elsewhere leaves nothing half done behind these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
