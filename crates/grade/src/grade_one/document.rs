//! The result in a platform's format. For Gradescope, the result is written again after every
//! criterion.

use super::{Args, Format};
use crate::grade_lesson::ungraded;
use crate::model::{CriterionGrade, LessonGrade, Submission, Verdict};
use crate::report::scored_lesson::ScoredLesson;
use crate::report::{actions_log, autolab, classroom, gradescope, prairielearn};
use crate::rubric::Rubric;
use anyhow::Result;
use course::lesson::Lesson;
use terminal::output::Destination;

/// The result in a platform's format.
pub(super) struct Document<'a> {
    args: &'a Args,
    rubric: &'a Rubric,
    destination: Destination,
    /// The file for the step's log, if there is to be one.
    log: Option<Destination>,
    /// The results so far.
    partial: Option<Submission>,
    /// The first error that occurred while partial results were written.
    error: Option<anyhow::Error>,
}

impl<'a> Document<'a> {
    /// Checks that the result and the log can be written, but writes nothing yet.
    ///
    /// # Errors
    /// The file cannot be written. The message names the file and the reason.
    pub(super) fn new(args: &'a Args, rubric: &'a Rubric) -> Result<Self> {
        let destination = Destination::new("--out", args.out.as_deref())?;
        let log =
            args.log.as_deref().map(|file| Destination::new("--log", Some(file))).transpose()?;
        Ok(Self { args, rubric, destination, log, partial: None, error: None })
    }

    /// Writes a result without criteria, which shows that the grader has begun.
    ///
    /// # Errors
    /// Errors of the file system.
    pub(super) fn begin(&mut self, submission: &Submission, lesson: &Lesson) -> Result<()> {
        let mut partial = submission.clone();
        let criteria = Vec::new();
        partial.lessons =
            vec![LessonGrade { criteria, ..ungraded(lesson, Verdict::Inconclusive, "") }];
        self.partial = Some(partial);
        self.write_partial()
    }

    /// Adds a criterion, and writes the partial results. If this write fails,
    /// [`Document::check_written`] returns the error.
    pub(super) fn add(&mut self, criterion: &CriterionGrade) {
        let lesson = self.partial.as_mut().and_then(|partial| partial.lessons.first_mut());
        if let Some(lesson) = lesson {
            lesson.seconds += criterion.millis / 1e3;
            lesson.criteria.push(criterion.clone());
            lesson.verdict = Verdict::NotYet;
        }
        if let Err(error) = self.write_partial() {
            self.error.get_or_insert(error);
        }
    }

    /// Checks that all partial results were written.
    ///
    /// # Errors
    /// The first error of a write.
    pub(super) fn check_written(&mut self) -> Result<()> {
        self.error.take().map_or(Ok(()), Err)
    }

    /// Writes the complete result.
    ///
    /// # Errors
    /// Errors of the file system; the file is then unchanged.
    pub(super) fn end(&self, submission: &Submission) -> Result<()> {
        self.write(submission, true)
    }

    /// Writes the results so far if the format is Gradescope's. If Gradescope's time limit ends the
    /// grader, Gradescope reads the results that were written last.
    fn write_partial(&self) -> Result<()> {
        match (&self.partial, &self.destination, self.args.format) {
            (Some(partial), Destination::File(_), Format::Gradescope) => self.write(partial, false),
            _ => Ok(()),
        }
    }

    fn write(&self, submission: &Submission, is_finished: bool) -> Result<()> {
        let Some(grade) = submission.lessons.first() else { return Ok(()) };
        let points = &self.rubric.points(submission, grade);
        let lesson = ScoredLesson { submission, grade, points, is_finished };
        if let Some(log) = &self.log {
            log.write(&actions_log::log(&lesson))?;
        }
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
