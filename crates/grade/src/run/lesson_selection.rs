//! The lessons for which a class is graded: the lessons of `--lesson`, or the lessons that at least
//! one student has handed in.

use crate::grade_lesson;
use crate::intake::{self, Input, Rejection, SubmissionSource};
use crate::model::{LessonGrade, Submission, Verdict};
use crate::store::{RunInfo, Store};
use anyhow::{Result, bail};
use course::catalogue::Course;
use course::lesson::Lesson;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use terminal::show::{Line, amount};

/// The lessons for which a class is graded.
pub(super) struct LessonSelection<'a> {
    /// The lessons, in the course's order.
    pub(super) lessons: Vec<&'a Lesson>,
    /// How many students have handed in each lesson. `None` if `--lesson` named the lessons.
    pub(super) enrollment: Option<Enrollment>,
}

/// How many students have handed in each lesson.
pub(super) struct Enrollment {
    /// The id of each lesson that was handed in, and the number of submissions that contain it.
    counts: Vec<(String, usize)>,
    /// The number of submissions.
    submissions: usize,
    /// The number of submissions that contain no lesson.
    without: usize,
}

/// The lessons with the ids in `names`. If `names` is empty, these are the lessons that the
/// submissions in `sources` contain; `jobs` threads read the submissions. `sources` must be the
/// whole class, even if only a shard is graded. Otherwise, the shards would find different lessons.
///
/// # Errors
/// A lesson does not exist or has no proof, or no submission contains a lesson that can be
/// recognized.
pub(super) fn select<'a>(
    course: &'a Course,
    names: &[String],
    sources: &[SubmissionSource],
    jobs: usize,
) -> Result<LessonSelection<'a>> {
    let named = terminal::lessons::named(course, names)?;
    if !names.is_empty() {
        if let Some(lesson) = named.iter().find(|lesson| !has_proof(lesson)) {
            let id = &lesson.id;
            bail!(
                "lesson {id} has no proof yet; `cargo xtask list` shows the lessons that have one"
            );
        }
        let is_named = |lesson: &&Lesson| named.iter().any(|it| it.id == lesson.id);
        let lessons = course.lessons().iter().filter(is_named).collect();
        return Ok(LessonSelection { lessons, enrollment: None });
    }
    let enrollment = enrollment(course, sources, jobs)?;
    let is_found = |lesson: &&Lesson| enrollment.counts.iter().any(|(id, _)| *id == lesson.id);
    let lessons = course.lessons().iter().filter(is_found).collect();
    Ok(LessonSelection { lessons, enrollment: Some(enrollment) })
}

impl<'a> LessonSelection<'a> {
    /// The lessons whose text the saved results depend on. If one of these texts changes, the saved
    /// results are no longer valid. Without `--lesson`, these are all lessons with a proof, because
    /// further lessons may be handed in later.
    pub(super) fn possible(&self, course: &'a Course) -> Vec<&'a Lesson> {
        match self.enrollment {
            Some(_) => course.lessons().iter().filter(|lesson| has_proof(lesson)).collect(),
            None => self.lessons.clone(),
        }
    }
}

fn has_proof(lesson: &Lesson) -> bool {
    proofs::of(&lesson.id).is_some()
}

fn enrollment(course: &Course, sources: &[SubmissionSource], jobs: usize) -> Result<Enrollment> {
    // People of the roster who have handed in nothing are no submissions.
    let is_there = |it: &&SubmissionSource| !matches!(it.input, Input::Nothing);
    let sources: Vec<_> = sources.iter().filter(is_there).cloned().collect();
    let sources = &sources[..];
    let contained = lessons_in(course, sources, jobs);
    let holds = |ids: &Vec<String>, lesson: &Lesson| ids.contains(&lesson.id);
    let provable = || course.lessons().iter().filter(|lesson| has_proof(lesson));
    let count = |lesson| contained.iter().flatten().filter(|ids| holds(ids, lesson)).count();
    let counts = provable().map(|lesson| (lesson.id.clone(), count(lesson)));
    let counts: Vec<_> = counts.filter(|(_, count)| *count > 0).collect();
    let some = |ids: &Vec<String>| provable().any(|lesson| holds(ids, lesson));
    let with = contained.iter().flatten().filter(|ids| some(ids)).count();
    if counts.is_empty() {
        let mut errors = contained
            .iter()
            .zip(sources)
            .filter_map(|(it, source)| Some((it.as_ref().err()?, source)));
        let first = errors.next().map(|(why, source)| format!("\n{}: {why}", source.student));
        bail!(
            "no submission contains a lesson that can be recognized; name the lesson, e.g. \
             --lesson w03-l02{}",
            first.unwrap_or_default()
        );
    }
    Ok(Enrollment { counts, submissions: contained.len(), without: contained.len() - with })
}

/// The ids of the lessons that each submission contains, in the order of `sources`.
fn lessons_in(
    course: &Course,
    sources: &[SubmissionSource],
    jobs: usize,
) -> Vec<Result<Vec<String>, Rejection>> {
    let next = AtomicUsize::new(0);
    let results: Vec<_> = sources.iter().map(|source| (source, OnceLock::new())).collect();
    let work = || {
        while let Some((source, found)) = results.get(next.fetch_add(1, Relaxed)) {
            let read = intake::read(source, course, &[]);
            found.get_or_init(|| read.map(|content| content.projects.into_keys().collect()));
        }
    };
    thread::scope(|scope| {
        (0..jobs.min(sources.len())).for_each(|_| drop(scope.spawn(work)));
    });
    results.into_iter().filter_map(|(_, found)| found.into_inner()).collect()
}

impl Enrollment {
    /// A line for each lesson, e.g. `w03-l02: 38 of 40 submissions have it`.
    pub(super) fn lines(&self) -> Vec<Line> {
        let all = amount(self.submissions, "submission");
        let have = |count: usize| if count == 1 { "has" } else { "have" };
        let line = |(id, count): &(String, usize)| {
            let text = format!(": {count} of {all} {} it", have(*count));
            Line::new().plain("  ").strong(id).plain(&text)
        };
        let mut lines: Vec<_> = self.counts.iter().map(line).collect();
        if self.without > 0 {
            let (count, have) = (self.without, have(self.without));
            let text = format!("  {count} of {all} {have} no lesson that can be recognized");
            lines.push(Line::new().unsure(&text));
        }
        lines
    }

    /// A line for each lesson that is new since the earlier run `before`, or that no submission
    /// contains any more.
    pub(super) fn changes(&self, before: &RunInfo) -> Vec<Line> {
        let is_known = |id: &str| before.lessons.iter().any(|(known, _)| known == id);
        let is_found = |id: &str| self.counts.iter().any(|(found, _)| found == id);
        let new = self.counts.iter().filter(|(id, _)| !is_known(id)).map(|(id, _)| {
            format!("  {id}: new since this class was graded; all other results are kept")
        });
        let gone = before
            .lessons
            .iter()
            .filter(|(id, _)| !is_found(id))
            .map(|(id, _)| format!("  {id}: no student has it any more; its results are kept"));
        new.chain(gone).map(|text| Line::new().unsure(&text)).collect()
    }
}

/// Adds the lessons that are new in the class to the saved results. A student who was graded before
/// has the verdict `Missing` for a new lesson. If the student's submission has changed, the
/// submission is graded again later.
///
/// # Errors
/// The database fails. Results that were completed before stay complete.
pub(super) fn complete(store: &Store, lessons: &[&Lesson]) -> Result<()> {
    for mut kept in store.submissions()? {
        if kept.lessons.len() < lessons.len() {
            kept.lessons = lessons.iter().map(|one| known_or_missing(&kept, one)).collect();
            store.save(&kept)?;
        }
    }
    Ok(())
}

fn known_or_missing(kept: &Submission, one: &Lesson) -> LessonGrade {
    let known = kept.lessons.iter().find(|grade| grade.lesson == one.id);
    // A submission that could not be read has the same verdict and reason for every lesson.
    let unread = kept.lessons.first().filter(|_| kept.digest.is_empty());
    let (verdict, reason) =
        unread.map_or((Verdict::Missing, ""), |grade| (grade.verdict, grade.reason.as_str()));
    known.cloned().unwrap_or_else(|| grade_lesson::ungraded(one, verdict, reason))
}
