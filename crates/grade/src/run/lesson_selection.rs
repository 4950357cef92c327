//! Which lessons a class is graded for: those of `--lesson`, or those that anybody has handed in.

use crate::grade_lesson;
use crate::intake::{self, Rejection, SubmissionSource};
use crate::model::{LessonGrade, Submission, Verdict};
use crate::store::{RunInfo, Store};
use anyhow::{Result, bail};
use course::catalogue::Course;
use course::lesson::Lesson;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use xtask::place;
use xtask::show::{Line, amount};

/// The lessons that a class is to be graded for.
pub(super) struct LessonSelection<'a> {
    /// In the course's order.
    pub(super) lessons: Vec<&'a Lesson>,
    /// How they were found; `None` where `--lesson` named them.
    pub(super) enrollment: Option<Enrollment>,
}

/// What a class has handed in.
pub(super) struct Enrollment {
    /// The lessons that anybody has handed in, by id, and how many have.
    counts: Vec<(String, usize)>,
    submissions: usize,
    /// How many have handed in nothing that is a lesson's.
    without: usize,
}

/// The lessons of these names, or where there are none, those that there is anything for in
/// `sources`, which `jobs` threads look into. That is to be the whole class, whatever the shard: all of
/// them find the same then.
///
/// # Errors
/// A name that no lesson has, or one that has no proof; no submission whose lesson can be told.
pub(super) fn select<'a>(
    course: &'a Course,
    names: &[String],
    sources: &[SubmissionSource],
    jobs: usize,
) -> Result<LessonSelection<'a>> {
    let named = place::lessons(course, names)?;
    if !names.is_empty() {
        if let Some(lesson) = named.iter().find(|lesson| !has_proof(lesson)) {
            let id = &lesson.id;
            bail!("lesson {id} has no proof yet; `cargo xtask list` shows those that have");
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
    /// The lessons that decide whether results stay valid: more may be handed in than was found.
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
    let seen = look(course, sources, jobs);
    let holds = |ids: &Vec<String>, lesson: &Lesson| ids.contains(&lesson.id);
    let provable = || course.lessons().iter().filter(|lesson| has_proof(lesson));
    let count = |lesson| seen.iter().flatten().filter(|ids| holds(ids, lesson)).count();
    let counts = provable().map(|lesson| (lesson.id.clone(), count(lesson)));
    let counts: Vec<_> = counts.filter(|(_, count)| *count > 0).collect();
    let some = |ids: &Vec<String>| provable().any(|lesson| holds(ids, lesson));
    let with = seen.iter().flatten().filter(|ids| some(ids)).count();
    if counts.is_empty() {
        let mut rejections =
            seen.iter().zip(sources).filter_map(|(it, one)| Some((it.as_ref().err()?, one)));
        let first = rejections.next().map(|(why, one)| format!("\n{}: {why}", one.student));
        bail!(
            "no submission is for a lesson that can be told; say for which one they are, e.g. \
             --lesson w03-l02{}",
            first.unwrap_or_default()
        );
    }
    Ok(Enrollment { counts, submissions: seen.len(), without: seen.len() - with })
}

/// The ids of the lessons that each of `sources` holds something for, in the same order.
fn look(
    course: &Course,
    sources: &[SubmissionSource],
    jobs: usize,
) -> Vec<Result<Vec<String>, Rejection>> {
    let next = AtomicUsize::new(0);
    let seen: Vec<_> = sources.iter().map(|one| (one, OnceLock::new())).collect();
    let work = || {
        while let Some((one, found)) = seen.get(next.fetch_add(1, Relaxed)) {
            let read = intake::read(one, course, &[]);
            found.get_or_init(|| read.map(|content| content.projects.into_keys().collect()));
        }
    };
    thread::scope(|scope| {
        (0..jobs.min(sources.len())).for_each(|_| drop(scope.spawn(work)));
    });
    seen.into_iter().filter_map(|(_, found)| found.into_inner()).collect()
}

impl Enrollment {
    /// `w03-l02: 38 of 40 submissions have it`, for each lesson.
    pub(super) fn lines(&self) -> Vec<Line> {
        let all = amount(self.submissions, "submission");
        let have = |count: usize| if count == 1 { "has" } else { "have" };
        let line = |(id, count): &(String, usize)| {
            let words = format!(": {count} of {all} {} it", have(*count));
            Line::new().plain("  ").strong(id).plain(&words)
        };
        let mut lines: Vec<_> = self.counts.iter().map(line).collect();
        if self.without > 0 {
            let (count, have) = (self.without, have(self.without));
            let words = format!("  {count} of {all} {have} none that can be told");
            lines.push(Line::new().unsure(&words));
        }
        lines
    }

    /// What differs from the lessons of the results that are gone on with.
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
            .map(|(id, _)| format!("  {id}: nobody has it any more; its results are kept"));
        new.chain(gone).map(|words| Line::new().unsure(&words)).collect()
    }
}

/// Lets the results that were kept tell of every lesson of the class: who had not handed in what is
/// new when it was graded has it missing, until the submission is seen to have changed.
///
/// # Errors
/// The database's own; what is done by then is kept, and found done the next time.
pub(super) fn complete(store: &Store, lessons: &[&Lesson]) -> Result<()> {
    for mut kept in store.submissions()? {
        if kept.lessons.len() < lessons.len() {
            kept.lessons = lessons.iter().map(|one| known_or_missing(&kept, one)).collect();
            store.keep(&kept)?;
        }
    }
    Ok(())
}

fn known_or_missing(kept: &Submission, one: &Lesson) -> LessonGrade {
    let known = kept.lessons.iter().find(|grade| grade.lesson == one.id);
    // What could not be read at all is told of every lesson in the same words.
    let unread = kept.lessons.first().filter(|_| kept.digest.is_empty());
    let (verdict, reason) =
        unread.map_or((Verdict::Missing, ""), |grade| (grade.verdict, grade.reason.as_str()));
    known.cloned().unwrap_or_else(|| grade_lesson::ungraded(one, verdict, reason))
}
