//! The results of one lesson of one submission, for the formats of the platforms.

use crate::model::{BuildStatus, CriterionGrade, LessonGrade, Submission, Verdict};
use crate::prove::NOT_ASKED;
use crate::report::{plain, sanitize};
use crate::rubric::Points;
use course::report::Status;

/// The maximum number of file names in a line.
const MAX_FILES: usize = 20;

/// The results of one lesson of one submission, with its points.
#[derive(Clone, Copy, Debug)]
pub struct ScoredLesson<'a> {
    /// The submission.
    pub submission: &'a Submission,
    /// The results of the lesson.
    pub grade: &'a LessonGrade,
    /// The points of the lesson.
    pub points: &'a Points,
    /// Whether all criteria were checked. If not, `grade` has only the criteria checked so far.
    pub is_finished: bool,
}

/// The results of one criterion, with its points.
#[derive(Clone, Copy, Debug)]
pub struct ScoredCriterion<'a> {
    /// The results of the criterion.
    pub criterion: &'a CriterionGrade,
    /// The number of the criterion's task.
    pub task: u32,
    /// The position of the criterion in its task, from 1.
    pub position: usize,
    /// The points of the criterion. `None` if they are unknown because a criterion is inconclusive.
    pub points: Option<f64>,
    /// The maximum of the points that the criterion can give.
    pub max: f64,
}

impl<'a> ScoredLesson<'a> {
    /// The criteria that were checked so far, in the lesson's order.
    pub fn criteria(&self) -> Vec<ScoredCriterion<'a>> {
        let mut scored: Vec<ScoredCriterion<'a>> = Vec::new();
        for (criterion, (points, max)) in self.grade.criteria.iter().zip(&self.points.criteria) {
            let position = 1 + scored.iter().filter(|each| each.task == criterion.task).count();
            let known = criterion.status != Status::Inconclusive && self.points.points.is_some();
            let points = known.then_some(*points);
            let (task, max) = (criterion.task, *max);
            scored.push(ScoredCriterion { criterion, task, position, points, max });
        }
        scored
    }

    /// Whether there is no program to check, and the reason for this is the submission.
    pub fn has_no_program(&self) -> bool {
        let unusable = matches!(
            self.grade.verdict,
            Verdict::Missing | Verdict::NotHandedIn | Verdict::Refused
        );
        unusable || self.grade.build.status == BuildStatus::Failed
    }

    /// The wall time of the build and the proof, in seconds.
    pub fn seconds(&self) -> f64 {
        self.grade.build.seconds + self.grade.seconds
    }

    /// The results in a few lines of plain text.
    pub fn summary(&self) -> String {
        let mut lines = vec![self.headline()];
        lines.extend(self.verdict_in_words().map(str::to_owned));
        if !self.grade.reason.is_empty() {
            lines.push(sanitize::lines(&self.grade.reason));
        }
        lines.extend(self.points_in_words());
        lines.extend(
            self.submission.notes.iter().map(|note| format!("Note: {}", sanitize::line(note))),
        );
        lines.extend(self.files());
        if !self.grade.isolation.is_empty() {
            lines.push(format!("Isolation: {}.", sanitize::line(&self.grade.isolation)));
        }
        lines.join("\n")
    }

    /// The files that were used, ignored and filled in, a line each.
    fn files(&self) -> Vec<String> {
        let report = &self.submission.files;
        let own = report.lessons.iter().find(|files| files.lesson == self.grade.lesson);
        let used = own.map_or(&[][..], |files| &files.used);
        let filled_in = own.map_or(&[][..], |files| &files.filled_in);
        let ignored: Vec<_> =
            report.ignored.iter().map(|file| format!("{} ({})", file.path, file.why)).collect();
        let lists = [
            ("Files used", used),
            ("Filled in from the starter", filled_in),
            ("Ignored", &ignored[..]),
        ];
        let line = |(title, names): (&str, &[String])| {
            let more = names.len().saturating_sub(MAX_FILES);
            let names: Vec<_> =
                names.iter().take(MAX_FILES).map(|name| sanitize::line(name)).collect();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("{title}: {}{more}", names.join(", "))
        };
        lists.into_iter().filter(|(_, names)| !names.is_empty()).map(line).collect()
    }

    fn headline(&self) -> String {
        let all = self.grade.criteria.len();
        let is_proved = |criterion: &&CriterionGrade| criterion.status == Status::Proved;
        let proved = self.grade.criteria.iter().filter(is_proved).count();
        let verdict = match self.grade.verdict {
            _ if !self.is_finished => "not finished",
            Verdict::Proved => "proved",
            Verdict::NotYet => "not yet",
            Verdict::Inconclusive => "inconclusive",
            Verdict::Missing | Verdict::NotHandedIn => "nothing handed in",
            Verdict::Refused => "cannot be graded",
        };
        let title = format!("{} {}", self.grade.lesson, self.grade.title);
        match self.has_no_program() {
            true => format!("{title}: {verdict}."),
            false => format!("{title}: {verdict}, {proved} of {all} criteria proved."),
        }
    }

    fn verdict_in_words(&self) -> Option<&'static str> {
        match self.grade.verdict {
            _ if !self.is_finished => Some(
                "The grader has not finished. If this message remains, the platform's time limit \
                 ended the grader: run it again with more time.",
            ),
            Verdict::Inconclusive => Some(
                "The grader could not observe enough to give points. This is not the submission's \
                 fault: run the grader again.",
            ),
            Verdict::NotYet if self.has_no_program() => Some("The submission does not build."),
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

impl ScoredCriterion<'_> {
    /// The id and the text of the criterion.
    pub fn name(&self) -> String {
        sanitize::line(&format!("{}: {}", self.criterion.id, self.criterion.text))
    }

    /// Whether the criterion is proved.
    pub fn is_proved(&self) -> bool {
        self.criterion.status == Status::Proved
    }

    /// Why the criterion is not proved. If the criterion failed in only some of the runs, the text
    /// says in how many. The text is empty if there is no cause, for example because the criterion is
    /// proved.
    pub fn explanation(&self, coloured: bool) -> String {
        let Some(cause) = &self.criterion.cause else { return String::new() };
        let summary = sanitize::line(&cause.summary);
        match self.criterion.status {
            Status::Proved => String::new(),
            // If no criterion was checked at all, the lesson's summary has the reason.
            Status::Skipped if cause.id == NOT_ASKED => String::new(),
            Status::Skipped => format!("    Not checked: {summary}"),
            Status::Inconclusive => format!("    Inconclusive; this is not your fault: {summary}"),
            Status::Failed => self.failed_runs() + &sanitize::cause(cause, coloured),
        }
    }

    fn failed_runs(&self) -> String {
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
