//! Many runs of one proof in a few lines.

use course::lesson::Lesson;
use course::report::{Cause, CriterionReport, LessonReport, Status, Verdict};
use programs::lesson_check::LessonCheck;
use std::time::Duration;
use terminal::show::{Ids, Line, Mistake, failure, hanging, last, time};

/// What `runs` of the `wanted` runs found, in lines of at most `width` columns.
pub(crate) fn lines(
    check: &LessonCheck<'_>,
    runs: &[LessonReport],
    wanted: u32,
    elapsed: Duration,
    width: usize,
) -> Vec<Line> {
    let ids = Ids::of(check.ids());
    let mut lines = Vec::new();
    let mut told = false;
    for (index, criterion) in check.criteria.iter().enumerate() {
        let seen = Seen::of(runs.iter().filter_map(|run| run.criteria.get(index)));
        let Some((status, text)) = seen.told(runs.len()) else {
            continue;
        };
        let note = format!("Task {}", criterion.task);
        let note = if status == Status::Failed { note.as_str() } else { "" };
        lines.extend(ids.lines(status, &criterion.id, &text, note, width));
        if let Some(cause) = first_failure(runs, index).filter(|_| !told) {
            lines.extend(in_full(check.lesson, cause, width));
            told = true;
        }
    }
    if races(check, runs) {
        let race = "The same steps, different outcomes: a race in the server.";
        lines.extend(hanging(Line::new(), 4, race, width - 4, Line::strong));
        lines.push(Line::new());
    }
    lines.push(end(runs, wanted, elapsed));
    lines
}

/// A cause in full, with the lesson's Common Mistakes row where it is one.
pub(crate) fn in_full(lesson: &Lesson, cause: &Cause, width: usize) -> Vec<Line> {
    let row = cause.mistake.as_deref().and_then(|id| lesson.mistake(id));
    let file = lesson.path.file_name().unwrap_or_default().to_string_lossy();
    let place = format!("{file}:{}", row.map_or(1, |row| row.line));
    let row = row.map(|row| Mistake { mistake: &row.mistake, fix: &row.fix, place: &place });
    failure(cause, row, width)
}

/// Where to go on: the lowest task with a criterion that failed.
pub(crate) fn next<'a>(criteria: impl IntoIterator<Item = &'a CriterionReport>) -> Option<String> {
    let failed = criteria.into_iter().filter(|each| each.status == Status::Failed);
    failed.map(|each| each.task).min().map(|task| format!("next: Task {task}"))
}

/// How often one criterion came out in each way.
#[derive(Default)]
struct Seen {
    proved: usize,
    failed: usize,
    unseen: usize,
    skipped: usize,
}

impl Seen {
    fn of<'a>(reports: impl Iterator<Item = &'a CriterionReport>) -> Self {
        let mut seen = Self::default();
        for report in reports {
            *match report.status {
                Status::Proved => &mut seen.proved,
                Status::Failed => &mut seen.failed,
                Status::Inconclusive => &mut seen.unseen,
                Status::Skipped => &mut seen.skipped,
            } += 1;
        }
        seen
    }

    /// The worst of it in words; nothing where every run proved it.
    fn told(&self, runs: usize) -> Option<(Status, String)> {
        match self {
            Self { failed: 1.., .. } => {
                Some((Status::Failed, format!("failed in {} of {runs} runs", self.failed)))
            }
            Self { unseen: 1.., .. } => Some((
                Status::Inconclusive,
                format!("could not be seen in {} of {runs} runs", self.unseen),
            )),
            Self { skipped: 1.., .. } => {
                Some((Status::Skipped, format!("not run in {} of {runs} runs", self.skipped)))
            }
            _ => None,
        }
    }
}

/// Why a criterion failed when it first did.
fn first_failure(runs: &[LessonReport], criterion: usize) -> Option<&Cause> {
    let reports = runs.iter().filter_map(|run| run.criteria.get(criterion));
    reports.filter(|each| each.status == Status::Failed).find_map(|each| each.cause.as_ref())
}

/// Whether a criterion failed in one run and held in another.
fn races(check: &LessonCheck<'_>, runs: &[LessonReport]) -> bool {
    (0..check.criteria.len()).any(|index| {
        let seen = Seen::of(runs.iter().filter_map(|run| run.criteria.get(index)));
        seen.failed > 0 && seen.proved > 0
    })
}

fn end(runs: &[LessonReport], wanted: u32, elapsed: Duration) -> Line {
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
    parts.extend(next(runs.iter().flat_map(|run| &run.criteria)));
    parts.push(time(elapsed));
    last(verdict, &parts)
}

// <staff>
#[cfg(test)]
mod tests {
    use super::*;
    use course::lesson::Kind;
    use course::report::{Build, BuildStatus, Subject, SubjectKind};
    use proofs::Proof;
    use std::path::Path;

    static PROOF: Proof = Proof { lesson: "w03-l02", port: 7000, capacity: 64, criteria: &[] };

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
            subject: Subject { kind: SubjectKind::Crate, name: String::new() },
            launch: None,
            verdict: Verdict::of([starts, slots]),
            build: Build { status: BuildStatus::Ok, millis: 0.0, message: None },
            millis: 1.0,
            criteria: vec![criterion("starts", 1, starts), criterion("slots", 2, slots)],
        }
    }

    fn shown(runs: &[LessonReport]) -> String {
        let text = include_bytes!("../../lessons/w03-l02-poll-tracker/lesson.md");
        let lesson = Lesson::parse(Path::new("lesson.md"), text).unwrap();
        let criteria = ["starts", "slots"].map(|id| lesson.criterion(id).unwrap()).to_vec();
        let flags = String::new();
        let check = LessonCheck { lesson: &lesson, proof: &PROOF, criteria, flags };
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
    fn what_could_not_be_seen_is_no_race() {
        let runs = [run(Status::Proved, Status::Inconclusive), run(Status::Proved, Status::Proved)];
        let text = shown(&runs);
        assert!(text.contains("? slots   could not be seen in 1 of 2 runs"), "{text}");
        assert!(!text.contains("race"), "{text}");
        assert!(text.contains("\ninconclusive · 1 of 2 runs proved"), "{text}");
    }
}
// </staff>
