//! One lesson of one submission, as the platforms are told of it.

use crate::model::{BuildStatus, CriterionGrade, LessonGrade, Submission, Verdict};
use crate::prove::NOT_ASKED;
use crate::report::{plain, sanitize};
use crate::rubric::Points;
use course::report::Status;

/// One lesson of one submission, with its points.
#[derive(Clone, Copy, Debug)]
pub struct Single<'a> {
    /// What was handed in.
    pub submission: &'a Submission,
    /// The lesson that was asked for.
    pub lesson: &'a LessonGrade,
    /// What it is worth.
    pub points: &'a Points,
    /// False while criteria are still to be asked: `lesson` holds those that are known.
    pub is_finished: bool,
}

/// One criterion and its points.
#[derive(Clone, Copy, Debug)]
pub struct Scored<'a> {
    /// As it was found.
    pub criterion: &'a CriterionGrade,
    /// Its task and its place in that task, e.g. `3.2`.
    pub task: u32,
    /// From 1.
    pub place: usize,
    /// What it earned; `None` where that is not known, through no fault of the student's.
    pub points: Option<f64>,
    /// What it can earn.
    pub max: f64,
}

impl<'a> Single<'a> {
    /// The criteria that are known, in the lesson's order.
    pub fn criteria(&self) -> Vec<Scored<'a>> {
        let mut scored: Vec<Scored<'a>> = Vec::new();
        for (criterion, (points, max)) in self.lesson.criteria.iter().zip(&self.points.criteria) {
            let place = 1 + scored.iter().filter(|each| each.task == criterion.task).count();
            let known = criterion.status != Status::Inconclusive && self.points.points.is_some();
            let points = known.then_some(*points);
            scored.push(Scored { criterion, task: criterion.task, place, points, max: *max });
        }
        scored
    }

    /// Whether there is no program because of what was handed in.
    pub fn has_no_program(&self) -> bool {
        let unusable = matches!(self.lesson.verdict, Verdict::Missing | Verdict::Refused);
        unusable || self.lesson.build.status == BuildStatus::Failed
    }

    /// Seconds that the build and the proof took.
    pub fn seconds(&self) -> f64 {
        self.lesson.build.seconds + self.lesson.seconds
    }

    /// How it came out, in a few lines of plain text.
    pub fn summary(&self) -> String {
        let mut lines = vec![self.headline()];
        lines.extend(self.verdict_in_words().map(str::to_owned));
        if !self.lesson.reason.is_empty() {
            lines.push(sanitize::lines(&self.lesson.reason));
        }
        lines.extend(self.points_in_words());
        lines.extend(
            self.submission.notes.iter().map(|note| format!("Note: {}", sanitize::line(note))),
        );
        if !self.lesson.isolation.is_empty() {
            lines.push(format!("Box: {}.", sanitize::line(&self.lesson.isolation)));
        }
        lines.join("\n")
    }

    fn headline(&self) -> String {
        let all = self.lesson.criteria.len();
        let is_proved = |criterion: &&CriterionGrade| criterion.status == Status::Proved;
        let proved = self.lesson.criteria.iter().filter(is_proved).count();
        let verdict = match self.lesson.verdict {
            _ if !self.is_finished => "not finished",
            Verdict::Proved => "proved",
            Verdict::NotYet => "not yet",
            Verdict::Inconclusive => "inconclusive",
            Verdict::Missing => "nothing handed in",
            Verdict::Refused => "cannot be graded",
        };
        let title = format!("{} {}", self.lesson.lesson, self.lesson.title);
        match self.has_no_program() {
            true => format!("{title}: {verdict}."),
            false => format!("{title}: {verdict}, {proved} of {all} criteria proved."),
        }
    }

    fn verdict_in_words(&self) -> Option<&'static str> {
        match self.lesson.verdict {
            _ if !self.is_finished => Some(
                "The grader was still asking. If this stays, the platform's time limit ended it: \
                 have it run again, with more time.",
            ),
            Verdict::Inconclusive => Some(
                "The grader could not see enough to give points, which is no fault of the \
                 submission: have it run again.",
            ),
            Verdict::NotYet if self.has_no_program() => Some("It does not build."),
            _ => None,
        }
    }

    fn points_in_words(&self) -> Option<String> {
        let (points, max) = (plain::points(self.points.points?), plain::points(self.points.max));
        let remarks: String =
            self.points.remarks.iter().map(|each| format!(", {}", sanitize::line(each))).collect();
        Some(format!("Points: {points} of {max}{remarks}."))
    }
}

impl Scored<'_> {
    /// Its sentence behind its id.
    pub fn name(&self) -> String {
        sanitize::line(&format!("{}: {}", self.criterion.id, self.criterion.text))
    }

    /// Whether it holds.
    pub fn holds(&self) -> bool {
        self.criterion.status == Status::Proved
    }

    /// Why it is not proved, and how often it failed where that varies; empty where it is proved.
    pub fn told(&self, coloured: bool) -> String {
        let Some(cause) = &self.criterion.cause else { return String::new() };
        let summary = sanitize::line(&cause.summary);
        match self.criterion.status {
            Status::Proved => String::new(),
            // Why nothing was asked at all stands in the summary.
            Status::Skipped if cause.id == NOT_ASKED => String::new(),
            Status::Skipped => format!("    Not asked: {summary}"),
            Status::Inconclusive => format!("    Inconclusive, and no fault of yours: {summary}"),
            Status::Failed => self.flaky() + &sanitize::cause(cause, coloured),
        }
    }

    fn flaky(&self) -> String {
        match self.criterion.is_flaky() {
            true => {
                format!(
                    "    It failed in {} of {} runs.\n\n",
                    self.criterion.failed, self.criterion.runs
                )
            }
            false => String::new(),
        }
    }
}
