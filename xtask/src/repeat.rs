//! `prove --repeat`: summarizes many runs of one proof in a few lines.

use crate::next_steps::next_task;
use crate::progress::full_cause;
use course::lesson::Lesson;
use course::report::{Cause, CriterionReport, LessonReport, Status, Verdict};
use programs::lesson_check::LessonCheck;
use std::time::Duration;
use terminal::show::{IdColumn, Line, hanging, last, time};

/// The results of `runs`, in lines of at most `width` columns. `wanted` is the number of runs that
/// the user has asked for.
pub(crate) fn lines(
    check: &LessonCheck<'_>,
    runs: &[LessonReport],
    wanted: u32,
    elapsed: Duration,
    width: usize,
) -> Vec<Line> {
    let ids = IdColumn::of(check.ids());
    let mut lines = Vec::new();
    let mut has_shown_failure = false;
    for (index, criterion) in check.criteria.iter().enumerate() {
        let counts = Counts::of(runs.iter().filter_map(|run| run.criteria.get(index)));
        let Some((status, text)) = counts.worst(runs.len()) else {
            continue;
        };
        let note = format!("Task {}", criterion.task);
        let note = if status == Status::Failed { note.as_str() } else { "" };
        lines.extend(ids.lines(status, &criterion.id, &text, note, width));
        if let Some(cause) = first_failure(runs, index).filter(|_| !has_shown_failure) {
            lines.extend(full_cause(check.lesson, cause, false, width));
            has_shown_failure = true;
        }
    }
    if is_race(check, runs) {
        let race = "The same steps, different outcomes: a race in the server.";
        lines.extend(hanging(Line::new(), 4, race, width - 4, Line::strong));
        lines.push(Line::new());
    }
    lines.push(end(check.lesson, runs, wanted, elapsed));
    lines
}

/// For one criterion, the number of runs with each status.
#[derive(Default)]
struct Counts {
    proved: usize,
    failed: usize,
    inconclusive: usize,
    skipped: usize,
}

impl Counts {
    fn of<'a>(reports: impl Iterator<Item = &'a CriterionReport>) -> Self {
        let mut counts = Self::default();
        for report in reports {
            *match report.status {
                Status::Proved => &mut counts.proved,
                Status::Failed => &mut counts.failed,
                Status::Inconclusive => &mut counts.inconclusive,
                Status::Skipped => &mut counts.skipped,
            } += 1;
        }
        counts
    }

    /// The worst status, and the number of runs with this status. `None` if every run proved the
    /// criterion.
    fn worst(&self, runs: usize) -> Option<(Status, String)> {
        match self {
            Self { failed: 1.., .. } => {
                Some((Status::Failed, format!("failed in {} of {runs} runs", self.failed)))
            }
            Self { inconclusive: 1.., .. } => Some((
                Status::Inconclusive,
                format!("could not be seen in {} of {runs} runs", self.inconclusive),
            )),
            Self { skipped: 1.., .. } => {
                Some((Status::Skipped, format!("not run in {} of {runs} runs", self.skipped)))
            }
            _ => None,
        }
    }
}

/// The cause of a criterion's first failure.
fn first_failure(runs: &[LessonReport], criterion: usize) -> Option<&Cause> {
    let reports = runs.iter().filter_map(|run| run.criteria.get(criterion));
    reports.filter(|each| each.status == Status::Failed).find_map(|each| each.cause.as_ref())
}

/// Whether a criterion failed in one run and was proved in another.
fn is_race(check: &LessonCheck<'_>, runs: &[LessonReport]) -> bool {
    (0..check.criteria.len()).any(|index| {
        let counts = Counts::of(runs.iter().filter_map(|run| run.criteria.get(index)));
        counts.failed > 0 && counts.proved > 0
    })
}

fn end(lesson: &Lesson, runs: &[LessonReport], wanted: u32, elapsed: Duration) -> Line {
    let verdicts = runs.iter().map(|run| run.verdict);
    let proved = verdicts.clone().filter(|verdict| *verdict == Verdict::Proved).count();
    let verdict = match () {
        () if verdicts.clone().any(|verdict| verdict == Verdict::NotYet) => Verdict::NotYet,
        () if proved < runs.len() => Verdict::Inconclusive,
        () => Verdict::Proved,
    };
    let mut parts = vec![match verdict {
        Verdict::Proved => format!("{proved} of {} runs", runs.len()),
        _ => format!("{proved} of {} runs proved", runs.len()),
    }];
    if runs.len() < wanted as usize {
        parts.push(format!("stopped before the other {}", wanted as usize - runs.len()));
    }
    parts.extend(next_task(lesson, runs.iter().flat_map(|run| &run.criteria), &[]));
    parts.push(time(elapsed));
    last(verdict, &parts)
}

// <staff>
#[cfg(test)]
mod tests {
    use super::*;
    use course::lesson::Kind;
    use course::report::{Build, BuildStatus, ProgramKind, ReportedProgram};
    use proofs::Proof;
    use std::path::Path;

    static PROOF: Proof = Proof {
        lesson: "w03-l02",
        role: proofs::Role::Server { port: 7000, capacity: 64 },
        criteria: &[],
    };

    fn run(starts: Status, slots: Status) -> LessonReport {
        let criterion = |id: &str, task, status| CriterionReport {
            id: id.into(),
            kind: Kind::Prove,
            task,
            text: String::new(),
            status,
            millis: 1.0,
            cause: (status != Status::Proved)
                .then(|| Cause { summary: format!("{id} is wrong"), ..Cause::default() }),
        };
        LessonReport {
            lesson: "w03-l02".into(),
            title: String::new(),
            subject: ReportedProgram { kind: ProgramKind::Crate, name: String::new() },
            isolation: None,
            verdict: Verdict::of([starts, slots]),
            build: Build { status: BuildStatus::Ok, millis: 0.0, message: None },
            millis: 1.0,
            criteria: vec![criterion("starts", 1, starts), criterion("slots", 2, slots)],
            todos: Vec::new(),
        }
    }

    fn shown(runs: &[LessonReport]) -> String {
        let text = include_bytes!("../../lessons/w03-l02-poll-tracker/lesson.md");
        let lesson = Lesson::parse(Path::new("lesson.md"), text).unwrap();
        let criteria = ["starts", "slots"].map(|id| lesson.criterion(id).unwrap()).to_vec();
        let flags = String::new();
        let check =
            LessonCheck { lesson: &lesson, proof: &PROOF, criteria, flags, first: Vec::new() };
        let lines = lines(&check, runs, 3, Duration::from_millis(9), 80);
        lines.iter().map(|line| line.text() + "\n").collect()
    }

    #[test]
    fn runs_that_agree_take_one_line() {
        let runs = vec![run(Status::Proved, Status::Proved); 3];
        assert_eq!(shown(&runs), "proved · 3 of 3 runs · 9 ms\n");
    }

    #[test]
    fn runs_that_differ_are_called_a_race() {
        let runs = [run(Status::Proved, Status::Failed), run(Status::Proved, Status::Proved)];
        let text = shown(&runs);
        assert!(text.contains("✗ slots   failed in 1 of 2 runs"), "{text}");
        assert!(text.contains("slots is wrong"), "{text}");
        assert!(text.contains("a race in the server"), "{text}");
        let end =
            "not yet · 1 of 2 runs proved · stopped before the other 1 · next: Task 2 · 9 ms\n";
        assert!(text.ends_with(end), "{text}");
    }

    #[test]
    fn the_same_failure_each_time_is_no_race() {
        let text = shown(&vec![run(Status::Failed, Status::Proved); 3]);
        assert!(text.contains("failed in 3 of 3 runs"), "{text}");
        assert!(!text.contains("race"), "{text}");
    }

    #[test]
    fn an_inconclusive_run_is_no_race() {
        let runs = [run(Status::Proved, Status::Inconclusive), run(Status::Proved, Status::Proved)];
        let text = shown(&runs);
        assert!(text.contains("? slots   could not be seen in 1 of 2 runs"), "{text}");
        assert!(!text.contains("race"), "{text}");
        assert!(text.contains("\ninconclusive · 1 of 2 runs proved"), "{text}");
    }
}
// </staff>
