//! What a run found: as text, and as JSON.

use crate::accepted::Accepted;
use crate::mutant::Mutant;
use crate::operators::Operator;
use crate::results::{Finding, MutantResult};
use serde::Serialize;
use std::time::Duration;
use terminal::show::{Line, amount, time};

/// The findings about the mutants of one lesson.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// The version of this format.
    schema: u32,
    /// The lesson's id.
    lesson: String,
    /// The seed of the sample. `None` if every mutant was proved.
    seed: Option<u64>,
    /// The number of mutants that the solution has.
    all: usize,
    /// The proved mutants, in the order of files and lines.
    mutants: Vec<Entry>,
    /// The counts of each operator.
    operators: Vec<Row>,
    /// Entries of `mutants.toml` to take out.
    obsolete: Vec<String>,
}

/// One mutant and its result.
#[derive(Debug, Serialize)]
struct Entry {
    /// The changed file, relative to the course's root.
    file: String,
    line: usize,
    task: u32,
    operator: Operator,
    /// What was changed, in words.
    change: String,
    #[serde(flatten)]
    result: MutantResult,
    /// The reason in `mutants.toml`.
    accepted: Option<String>,
    /// Whether the proof took longer than `--limit-millis`.
    is_slow: bool,
}

/// The counts of one operator.
#[derive(Debug, Default, Serialize)]
struct Row {
    operator: &'static str,
    caught: usize,
    survived: usize,
    accepted: usize,
    inconclusive: usize,
    not_built: usize,
}

impl Report {
    /// The report about these mutants of a lesson. `limit` is the time from which a proof is slow.
    pub(crate) fn new(
        lesson: &course::lesson::Lesson,
        (seed, all): (Option<u64>, usize),
        proved: &[(&Mutant, MutantResult)],
        accepted: &Accepted,
        obsolete: Vec<String>,
        limit: Duration,
    ) -> Self {
        let entry = |(mutant, result): &(&Mutant, MutantResult)| Entry {
            file: lesson.folder().join(&mutant.file).display().to_string(),
            line: mutant.line,
            task: mutant.task,
            operator: mutant.operator(),
            change: mutant.change.what.clone(),
            result: result.clone(),
            accepted: accepted.reason(&mutant.id).map(str::to_owned),
            is_slow: result.millis > limit.as_secs_f64() * 1e3,
        };
        let mutants: Vec<_> = proved.iter().map(entry).collect();
        let operators = Operator::ALL.map(|operator| Row::of(operator, &mutants)).into();
        let lesson = lesson.id.clone();
        Self { schema: 1, lesson, seed, all, mutants, operators, obsolete }
    }

    /// Whether a mutant needs its author's attention: it survived without a reason, or could not be
    /// judged. Also whether an entry of `mutants.toml` is obsolete.
    pub(crate) fn has_findings(&self) -> bool {
        !self.obsolete.is_empty() || self.mutants.iter().any(Entry::needs_attention)
    }

    /// The report as text: the survivors, the slow proofs, and a table with a row for each operator.
    pub(crate) fn lines(&self, elapsed: Duration) -> Vec<Line> {
        let mut lines = Vec::new();
        for entry in self.mutants.iter().filter(|entry| entry.needs_attention()) {
            lines.push(entry.line().bad(&entry.why()));
        }
        for obsolete in &self.obsolete {
            lines.push(Line::new().bad(obsolete));
        }
        for entry in self.mutants.iter().filter(|entry| entry.is_slow) {
            let time = time(Duration::from_secs_f64(entry.result.millis / 1e3));
            lines.push(entry.line().faint(&format!("  its proof took {time}")));
        }
        if !lines.is_empty() {
            lines.push(Line::new());
        }
        lines.extend(self.table());
        lines.push(Line::new());
        lines.push(self.end(elapsed));
        lines
    }

    fn table(&self) -> Vec<Line> {
        let head = ["caught", "survived", "accepted", "inconclusive", "not built"];
        let mut lines = vec![cells("", &head.map(str::to_owned))];
        for row in self.operators.iter().filter(|row| row.sum() > 0) {
            lines.push(row.line());
        }
        lines.push(self.total().line());
        lines
    }

    fn total(&self) -> Row {
        self.operators.iter().fold(Row { operator: "all", ..Row::default() }, |sum, row| Row {
            operator: sum.operator,
            caught: sum.caught + row.caught,
            survived: sum.survived + row.survived,
            accepted: sum.accepted + row.accepted,
            inconclusive: sum.inconclusive + row.inconclusive,
            not_built: sum.not_built + row.not_built,
        })
    }

    /// The last line: the share of caught mutants among those that must be caught.
    fn end(&self, elapsed: Duration) -> Line {
        let total = self.total();
        let wanted = total.caught + total.survived + total.inconclusive;
        let share = 100.0 * total.caught as f64 / wanted.max(1) as f64;
        let text = format!("{share:.1} % caught");
        let line = match self.has_findings() {
            true => Line::new().bad(&text),
            false => Line::new().good(&text),
        };
        let of = format!("{} of {wanted}", total.caught);
        let of_all = amount(self.all, "mutant");
        line.faint(" · ").plain(&of).faint(" · ").plain(&of_all).faint(" · ").plain(&time(elapsed))
    }
}

impl Entry {
    fn needs_attention(&self) -> bool {
        match self.result.finding {
            Finding::Survived => self.accepted.is_none(),
            Finding::Inconclusive { .. } => true,
            Finding::Caught { .. } | Finding::NotBuilt => false,
        }
    }

    fn why(&self) -> String {
        match &self.result.finding {
            Finding::Inconclusive { why } => format!("  inconclusive: {why}"),
            _ => String::new(),
        }
    }

    /// `file:line: what was changed`, and the id.
    fn line(&self) -> Line {
        let Self { file, line, change, .. } = self;
        Line::new().plain(&format!("{file}:{line}: {change}  ")).faint(&self.result.id)
    }
}

impl Row {
    fn of(operator: Operator, mutants: &[Entry]) -> Self {
        let mut row = Self { operator: operator.name(), ..Self::default() };
        for entry in mutants.iter().filter(|entry| entry.operator == operator) {
            let count = match &entry.result.finding {
                Finding::Caught { .. } => &mut row.caught,
                Finding::Survived if entry.accepted.is_some() => &mut row.accepted,
                Finding::Survived => &mut row.survived,
                Finding::Inconclusive { .. } => &mut row.inconclusive,
                Finding::NotBuilt => &mut row.not_built,
            };
            *count += 1;
        }
        row
    }

    fn counts(&self) -> [usize; 5] {
        [self.caught, self.survived, self.accepted, self.inconclusive, self.not_built]
    }

    fn sum(&self) -> usize {
        self.counts().iter().sum()
    }

    fn line(&self) -> Line {
        cells(self.operator, &self.counts().map(|count| count.to_string()))
    }
}

/// A row of the table, whose numbers are aligned to the right.
fn cells(first: &str, others: &[String]) -> Line {
    let others: String = others.iter().map(|cell| format!("{cell:>14}")).collect();
    Line::new().plain(&format!("  {first:<10}{others}"))
}
