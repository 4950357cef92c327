//! The result that a platform reads, written while it grows.

use super::{Args, Format};
use crate::grade_lesson::ungraded;
use crate::model::{CriterionGrade, LessonGrade, Submission, Verdict};
use crate::report::scored_lesson::ScoredLesson;
use crate::report::{autolab, classroom, gradescope, prairielearn};
use crate::rubric::Rubric;
use anyhow::Result;
use course::lesson::Lesson;
use xtask::destination::Destination;

/// The result that a platform reads.
pub(super) struct Document<'a> {
    args: &'a Args,
    rubric: &'a Rubric,
    destination: Destination,
    /// What is known so far.
    growing: Option<Submission>,
    /// The first error of the file system while it grew.
    error: Option<anyhow::Error>,
}

impl<'a> Document<'a> {
    /// Nothing written yet, and certain that it can be.
    ///
    /// # Errors
    /// Names the file, and what is in the way.
    pub(super) fn new(args: &'a Args, rubric: &'a Rubric) -> Result<Self> {
        let destination = Destination::new(args.out.as_deref())?;
        Ok(Self { args, rubric, destination, growing: None, error: None })
    }

    /// Says that the grader has begun.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) fn begin(&mut self, submission: &Submission, lesson: &Lesson) -> Result<()> {
        let mut growing = submission.clone();
        let criteria = Vec::new();
        growing.lessons =
            vec![LessonGrade { criteria, ..ungraded(lesson, Verdict::Inconclusive, "") }];
        self.growing = Some(growing);
        self.grow()
    }

    /// Adds a criterion. Where that cannot be written, [`Document::written`] says so.
    pub(super) fn found(&mut self, criterion: &CriterionGrade) {
        let lesson = self.growing.as_mut().and_then(|growing| growing.lessons.first_mut());
        if let Some(lesson) = lesson {
            lesson.seconds += criterion.millis / 1e3;
            lesson.criteria.push(criterion.clone());
            lesson.verdict = Verdict::NotYet;
        }
        if let Err(error) = self.grow() {
            self.error.get_or_insert(error);
        }
    }

    /// Whether everything so far could be written.
    ///
    /// # Errors
    /// The first error there was.
    pub(super) fn written(&mut self) -> Result<()> {
        self.error.take().map_or(Ok(()), Err)
    }

    /// Writes the whole result.
    ///
    /// # Errors
    /// Those of the file system; the file is then as it was before.
    pub(super) fn end(&self, submission: &Submission) -> Result<()> {
        self.write(submission, true)
    }

    /// Gradescope keeps what is in the file when its time limit ends the grader.
    fn grow(&self) -> Result<()> {
        match (&self.growing, &self.destination, self.args.format) {
            (Some(growing), Destination::File(_), Format::Gradescope) => self.write(growing, false),
            _ => Ok(()),
        }
    }

    fn write(&self, submission: &Submission, is_finished: bool) -> Result<()> {
        let Some(grade) = submission.lessons.first() else { return Ok(()) };
        let points = &self.rubric.points(submission, grade);
        let lesson = ScoredLesson { submission, grade, points, is_finished };
        self.destination.write(&match self.args.format {
            Format::Gradescope => gradescope::results(&lesson, self.args.visibility),
            Format::Classroom => classroom::result(&lesson) + "\n",
            Format::Autolab => {
                let problem = self.args.problem.as_deref().unwrap_or(&grade.lesson);
                autolab::output(&lesson, problem)
            }
            Format::Prairielearn => prairielearn::results(&lesson),
        })
    }
}
