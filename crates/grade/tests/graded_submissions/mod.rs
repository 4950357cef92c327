//! Graded submissions for the tests of the platforms' formats.
#![allow(dead_code, reason = "each test uses a part of this module")]

use course::lesson::Kind;
use course::report::{Row, Status, Step, Table};
use grade::model::{
    Build, BuildStatus, Cause, CriterionGrade, HandInTime, LessonGrade, Mistake, Submission,
    TimeSource, Verdict,
};
use grade::report::scored_lesson::ScoredLesson;
use grade::rubric::Points;

/// Output of a hostile program that imitates commands and results of the platforms.
pub(crate) const FORGERY: &str =
    "::set-output name=result::e30=\n##[error]x\n{\"scores\":{\"w03-l02\":999}}\n\u{1b}[2J\0PASS";

/// A submission of one lesson, with its points.
pub(crate) struct Graded {
    pub(crate) submission: Submission,
    pub(crate) points: Points,
}

impl Graded {
    pub(crate) fn scored_lesson(&self) -> ScoredLesson<'_> {
        let grade = &self.submission.lessons[0];
        ScoredLesson {
            submission: &self.submission,
            grade,
            points: &self.points,
            is_finished: true,
        }
    }

    pub(crate) fn lesson(&mut self) -> &mut LessonGrade {
        &mut self.submission.lessons[0]
    }
}

/// A submission whose criteria are all proved.
pub(crate) fn proved() -> Graded {
    let criteria = vec![
        criterion("starts", 1, Status::Proved),
        criterion("slots", 2, Status::Proved),
        criterion("reuse", 3, Status::Proved),
        criterion("no-fd-leak", 3, Status::Proved),
    ];
    let lesson = LessonGrade {
        lesson: "w03-l02".into(),
        title: "Accept & Track Many Clients".into(),
        verdict: Verdict::Proved,
        reason: String::new(),
        isolation: "namespaces".into(),
        build: Build { status: BuildStatus::Ok, seconds: 1.5, message: String::new() },
        seconds: 0.25,
        graded: Some(1_788_000_060),
        criteria,
    };
    let submission = Submission {
        student: "ada".into(),
        submitted: Some(HandInTime { seconds: 1_788_000_000, source: TimeSource::Platform }),
        digest: "5f".repeat(32),
        notes: vec!["Cargo.toml was left out: the course's own is used.".into()],
        lessons: vec![lesson],
        ..Submission::default()
    };
    let each = (2.5, 2.5);
    let points =
        Points { points: Some(10.0), max: 10.0, criteria: vec![each; 4], ..Points::default() };
    Graded { submission, points }
}

/// A submission with a criterion that fails in every run, a criterion that fails in some runs, and
/// a criterion that is skipped. The late penalty is half a point.
pub(crate) fn not_yet() -> Graded {
    let mut graded = proved();
    let lesson = graded.lesson();
    lesson.verdict = Verdict::NotYet;
    let criteria = &mut lesson.criteria;
    criteria[1] = failed(criterion("slots", 2, Status::Failed), 5, leak());
    let flaky = Cause { summary: "Slot 0 was not taken again.".into(), ..Cause::default() };
    criteria[2] = failed(criterion("reuse", 3, Status::Failed), 2, flaky);
    criteria[3] = criterion("no-fd-leak", 3, Status::Skipped);
    let depends_on = Cause { summary: "it depends on slots".into(), ..Cause::default() };
    criteria[3].cause = Some(depends_on);
    let criteria = vec![(2.5, 2.5), (0.0, 2.5), (0.0, 2.5), (0.0, 2.5)];
    let remarks = vec!["2 h late: 20 % off".to_owned()];
    graded.points = Points { points: Some(2.0), max: 10.0, criteria, late: 0.5, remarks };
    graded
}

/// A submission that does not compile. The compiler's message quotes the source of the submission.
pub(crate) fn does_not_build() -> Graded {
    let mut graded = proved();
    let lesson = graded.lesson();
    lesson.verdict = Verdict::NotYet;
    lesson.seconds = 0.0;
    let message = format!("error: {FORGERY}\n --> src/table.rs:3:1\n");
    lesson.build = Build { status: BuildStatus::Failed, seconds: 0.75, message };
    for criterion in &mut lesson.criteria {
        criterion.status = Status::Skipped;
        criterion.runs = 0;
    }
    graded.points.points = Some(0.0);
    graded.points.criteria = vec![(0.0, 2.5); 4];
    graded
}

/// A submission with a criterion that could not be checked on this machine.
pub(crate) fn inconclusive() -> Graded {
    let mut graded = proved();
    let lesson = graded.lesson();
    lesson.verdict = Verdict::Inconclusive;
    lesson.reason = "/proc/812/mem is hidden here".into();
    lesson.criteria[2].status = Status::Inconclusive;
    let cause = Cause { summary: "/proc/812/mem is hidden here".into(), ..Cause::default() };
    lesson.criteria[2].cause = Some(cause);
    graded.points.points = None;
    graded.points.criteria[2].0 = 0.0;
    graded
}

/// All four submissions, with their names.
pub(crate) fn all() -> [(&'static str, Graded); 4] {
    [
        ("proved", proved()),
        ("not-yet", not_yet()),
        ("does-not-build", does_not_build()),
        ("inconclusive", inconclusive()),
    ]
}

fn criterion(id: &str, task: u32, status: Status) -> CriterionGrade {
    let texts = [
        ("starts", "It listens on PORT and logs [START] active=0/MAX_CLIENTS"),
        ("slots", "5 clients get slots 0 to 4 in order, each with its own fd"),
        (
            "reuse",
            "A client that leaves is logged with its fd and slot; the next client gets that slot",
        ),
    ];
    let text = texts.into_iter().find(|(each, _)| *each == id);
    CriterionGrade {
        id: id.into(),
        kind: Kind::Prove,
        task,
        text: text
            .map_or(
                "After 200 clients have left, the server has the same descriptors as before",
                |it| it.1,
            )
            .into(),
        status,
        runs: 1,
        failed: 0,
        millis: 4.25,
        cause: None,
    }
}

fn failed(criterion: CriterionGrade, failed: u32, cause: Cause) -> CriterionGrade {
    CriterionGrade { runs: 5, failed, cause: Some(cause), ..criterion }
}

/// A cause with a value in every field. The log lines of the cause are from a hostile program.
fn leak() -> Cause {
    let row = |wrong, text: &str| Row { wrong, text: text.into() };
    let step = |did: &str, logged: &str| Step {
        did: did.into(),
        logged: vec![logged.into()],
        printed: Vec::new(),
    };
    Cause {
        id: "fd-leak".into(),
        mistake: Some(Mistake {
            id: "forgot-close".into(),
            mistake: "Forgetting to close the descriptor".into(),
            fix: "Close it where the slot is freed.".into(),
        }),
        summary: "The server logged that A left, but never closed its socket.".into(),
        steps: vec![step("A connected", "[ACCEPT] fd=4 slot=0"), step("A closed", FORGERY)],
        expected: "descriptor 4 is closed".into(),
        observed: format!("descriptor 4 is still open {FORGERY}"),
        evidence: vec![Table {
            title: "the kernel says".into(),
            rows: vec![row(false, "3  LISTEN"), row(true, "4  CLOSE_WAIT  A, gone")],
        }],
        replay: "cargo xtask prove w03-l02 --only slots".into(),
    }
}
