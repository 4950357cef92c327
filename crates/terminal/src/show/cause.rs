//! Shows a whole failure: the steps that led to it, the kernel's tables, and the Common Mistakes
//! row.

use super::line::{AddText, Line, cut, hanging};
use super::{steps::steps, tables::tables};
use course::report::Cause;
use textwrap::core::display_width;

/// The maximum length of a text, in columns. A longer text is cut.
const LONG: usize = 720;
/// The minimum number of columns for text beside its label. With fewer columns, the text is placed
/// below the label.
const TEXT: usize = 30;

/// A Common Mistakes row of the lesson.
pub struct Mistake<'a> {
    /// What goes wrong.
    pub mistake: &'a str,
    /// How to correct the mistake.
    pub fix: &'a str,
    /// The row's file and line, e.g. `lesson.md:195`.
    pub place: &'a str,
}

/// A cause in lines of at most `width` columns. `row` is the lesson's Common Mistakes row for this
/// cause, if there is one.
pub fn failure(cause: &Cause, row: Option<Mistake<'_>>, width: usize) -> Vec<Line> {
    failure_with(cause, row, width, false)
}

/// The same as [`failure`], with every line that the program printed.
pub fn failure_in_full(cause: &Cause, row: Option<Mistake<'_>>, width: usize) -> Vec<Line> {
    failure_with(cause, row, width, true)
}

/// The same as [`failure`], in at most `rows` lines. If there are more, the tables are left out, then
/// the row, then the first steps. Returns whether something was left out.
pub fn failure_within(
    cause: &Cause,
    row: Option<Mistake<'_>>,
    width: usize,
    rows: usize,
) -> (Vec<Line>, bool) {
    const STEPS: usize = 1;
    const TABLES: usize = 2;
    const ADVICE: usize = 4;
    let mut blocks = blocks(cause, row, width, false);
    let is_short = |blocks: &[Vec<Line>]| joined(blocks).len() <= rows;
    if is_short(&blocks) {
        return (joined(&blocks), false);
    }
    for number in [TABLES, ADVICE] {
        if !is_short(&blocks)
            && let Some(block) = blocks.get_mut(number)
        {
            block.clear();
        }
    }
    let excess = joined(&blocks).len().saturating_sub(rows);
    if let Some(steps) = blocks.get_mut(STEPS).filter(|_| excess > 0) {
        // The last steps are nearest to the failure. One more line is for the sign.
        steps.drain(..(excess + 1).min(steps.len()));
        if !steps.is_empty() {
            steps.insert(0, Line::new().to(6).faint("…"));
        }
    }
    let mut lines = joined(&blocks);
    lines.truncate(rows);
    (lines, true)
}

fn failure_with(cause: &Cause, row: Option<Mistake<'_>>, width: usize, all: bool) -> Vec<Line> {
    joined(&blocks(cause, row, width, all))
}

/// The parts of a failure: summary, steps, tables, outcome and advice. For a `todo!`, its task and the
/// command.
fn blocks(cause: &Cause, row: Option<Mistake<'_>>, width: usize, all: bool) -> Vec<Vec<Line>> {
    match Todo::of(cause) {
        Some(todo) => vec![todo.lines(width), advice(cause, None, width)],
        None => vec![
            text(4, &cause.summary, width, Line::strong),
            steps(&cause.steps, width, all),
            tables(&cause.evidence, width),
            outcome(cause, width),
            advice(cause, row, width),
        ],
    }
}

/// The blocks that are not empty, with an empty line around each.
fn joined(blocks: &[Vec<Line>]) -> Vec<Line> {
    let filled = blocks.iter().filter(|block| !block.is_empty()).cloned();
    let mut lines: Vec<_> = filled.flat_map(|block| [vec![Line::new()], block].concat()).collect();
    lines.push(Line::new());
    lines
}

/// A cause in one sentence.
pub fn brief(cause: &Cause) -> String {
    match Todo::of(cause) {
        Some(Todo { task, place, .. }) => {
            let number = task.split(':').next().unwrap_or(task);
            format!("{number} is still to do ({place})")
        }
        None => cause.summary.clone(),
    }
}

/// The cause of a server that stopped at a `todo!`. Only the command that repeats the failure is
/// shown with it.
struct Todo<'a> {
    sentence: &'a str,
    task: &'a str,
    place: &'a str,
}

impl<'a> Todo<'a> {
    /// The parts of `The server reached …: Task 1: make every slot (src/table.rs:22)`.
    fn of(cause: &'a Cause) -> Option<Self> {
        let summary = (cause.id == "todo").then_some(&cause.summary)?;
        let (sentence, rest) = summary.split_once(": ")?;
        let (task, place) = rest.strip_suffix(')')?.rsplit_once(" (")?;
        Some(Self { sentence, task, place })
    }

    fn lines(&self, width: usize) -> Vec<Line> {
        let mut lines = text(4, &format!("{}:", self.sentence), width, Line::strong);
        let column = width.saturating_sub(display_width(self.place));
        let mut task = text(6, self.task, width, Line::plain);
        if task.len() == 1 && task[0].width() + 2 <= column {
            lines.push(task.remove(0).to(column).faint(self.place));
        } else {
            lines.extend(task);
            lines.push(Line::new().to(6).faint(self.place));
        }
        lines
    }
}

fn outcome(cause: &Cause, width: usize) -> Vec<Line> {
    let part = |name: &str, value: &str| match value {
        "" => Vec::new(),
        _ => labelled(Line::new().to(6).faint(name), value, width, Line::plain),
    };
    [part("expected  ", &cause.expected), part("observed  ", &cause.observed)].concat()
}

fn advice(cause: &Cause, row: Option<Mistake<'_>>, width: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(Mistake { mistake, fix, place }) = row {
        let label = |name: &str| Line::new().to(4).faint(name);
        lines.extend(labelled(label("Common mistake: "), mistake, width, Line::plain));
        let fix = format!("{fix} ({place})");
        lines.extend(labelled(label("           Fix: "), &fix, width, Line::faint));
    }
    // A command is not wrapped. Therefore the user can copy the command in one piece.
    if !cause.replay.is_empty() {
        lines.push(Line::new().to(4).faint("again: ").plain(&cause.replay));
    }
    lines
}

/// Text beside its label. If there is not enough room, the text is below the label.
fn labelled(label: Line, value: &str, width: usize, add: AddText) -> Vec<Line> {
    let indent = label.width();
    if width < indent + TEXT {
        let label = Line::new().to(4).faint(label.text().trim());
        return [vec![label], text(6, value, width, add)].concat();
    }
    hanging(label, indent, &cut(value, LONG), width - indent, add)
}

fn text(indent: usize, value: &str, width: usize, add: AddText) -> Vec<Line> {
    hanging(Line::new(), indent, &cut(value, LONG), width - indent, add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use course::report::{Row, Step, Table};

    fn leak() -> Cause {
        let step = |did: &str, logged: &[&str]| Step {
            did: did.into(),
            logged: logged.iter().map(|line| line.to_string()).collect(),
            printed: Vec::new(),
        };
        let row = |wrong, text: &str| Row { wrong, text: text.into() };
        Cause {
            id: "fd-leak".into(),
            summary: "The server logged that client B left, but never closed its socket.".into(),
            steps: vec![
                step("A, B connected", &["[ACCEPT] fd=4 slot=0", "[ACCEPT] fd=5 slot=1"]),
                step("B sent \"hello\", then closed", &[]),
                step("the server read 5 bytes, then 0", &["[DISCONNECT] fd=5 slot=1"]),
            ],
            expected: "descriptors 3 4".into(),
            observed: "descriptors 3 4 5".into(),
            evidence: vec![
                Table {
                    title: "the kernel says".into(),
                    rows: vec![
                        row(false, "4  ESTABLISHED  A"),
                        row(true, "5  CLOSE_WAIT   B, gone"),
                    ],
                },
                Table {
                    title: "the server asks poll for".into(),
                    rows: vec![row(false, "[1] 4  POLLIN")],
                },
            ],
            replay: "cargo xtask prove w03-l02 --only no-fd-leak".into(),
            ..Cause::default()
        }
    }

    fn shown(cause: &Cause, width: usize) -> String {
        let row = Mistake {
            mistake: "Forgetting to close the descriptor",
            fix: "Drop it with the slot.",
            place: "lesson.md:195",
        };
        let lines = failure(cause, Some(row), width);
        assert!(lines.iter().all(|line| line.width() <= width), "wider than {width}");
        lines.iter().map(|line| line.text() + "\n").collect()
    }

    #[test]
    fn in_80_columns_the_log_is_beside_the_steps() {
        let expected = r#"
    The server logged that client B left, but never closed its socket.

      1  A, B connected                   [ACCEPT] fd=4 slot=0
                                          [ACCEPT] fd=5 slot=1
      2  B sent "hello", then closed
      3  the server read 5 bytes, then 0  [DISCONNECT] fd=5 slot=1

      the kernel says             the server asks poll for
        4  ESTABLISHED  A           [1] 4  POLLIN
      ▸ 5  CLOSE_WAIT   B, gone

      expected  descriptors 3 4
      observed  descriptors 3 4 5

    Common mistake: Forgetting to close the descriptor
               Fix: Drop it with the slot. (lesson.md:195)
    again: cargo xtask prove w03-l02 --only no-fd-leak

"#;
        assert_eq!(shown(&leak(), 80), expected);
    }

    #[test]
    fn a_failure_for_few_rows_keeps_its_summary_its_end_and_its_outcome() {
        let row = || Some(Mistake { mistake: "Forgetting it", fix: "Drop it.", place: "a.md:1" });
        let whole = failure(&leak(), row(), 80);
        assert!(!failure_within(&leak(), row(), 80, whole.len()).1);
        for rows in (4..whole.len()).rev() {
            let (lines, is_shorter) = failure_within(&leak(), row(), 80, rows);
            assert!(is_shorter && lines.len() <= rows, "{rows}");
            let text: String = lines.iter().map(|line| line.text() + "\n").collect();
            assert!(text.contains("never closed its socket"), "{rows}: {text}");
            assert!(!text.contains("the kernel says"), "{rows}: {text}");
            assert_eq!(text.contains("observed  descriptors 3 4 5"), rows >= 5, "{rows}: {text}");
            assert_eq!(text.contains("      …\n"), (9..11).contains(&rows), "{rows}: {text}");
            assert_eq!(text.contains("the server read"), rows >= 9, "{rows}: {text}");
            assert_eq!(text.contains("Forgetting it"), rows >= 15, "{rows}: {text}");
        }
    }

    #[test]
    fn in_40_columns_text_is_below_its_label() {
        let lines = failure(&leak(), None, 40);
        let text: String = lines.iter().map(|line| line.text() + "\n").collect();
        let expected = "
      1  A, B connected
           [ACCEPT] fd=4 slot=0
           [ACCEPT] fd=5 slot=1
      2  B sent \"hello\", then closed
";
        assert!(text.contains(expected), "{text}");
        assert!(text.contains("▸ 5  CLOSE_WAIT   B, gone\n\n      the server asks"), "{text}");
        assert!(text.contains("\n    expected\n      descriptors 3 4\n"), "{text}");
    }

    #[test]
    fn a_todo_shows_its_task_and_the_command() {
        let mut cause = leak();
        cause.id = "todo".into();
        let told = "The server reached a task that is still to do";
        cause.summary = format!("{told}: Task 1: make every slot (now) (src/table.rs:22)");
        let task = "      Task 1: make every slot (now)";
        let again = format!("\n    again: {}\n\n", cause.replay);
        let wide = format!("\n    {told}:\n{task:<65}src/table.rs:22\n{again}");
        assert_eq!(shown(&cause, 80), wide);
        cause.replay.clear();
        assert!(shown(&cause, 40).contains(&format!("{task}\n      src/table.rs:22\n")));
        assert_eq!(brief(&cause), "Task 1 is still to do (src/table.rs:22)");
    }

    #[test]
    fn a_servers_output_cannot_control_the_terminal() {
        let mut cause = leak();
        cause.steps[0].logged = vec!["\x1b[2J\x1b]0;owned\x07".into()];
        cause.observed = "\x1b[32m✓ proved\r".into();
        let lines = failure(&cause, None, 80);
        assert!(lines.iter().all(|line| !line.text().contains(char::is_control)));
        let text: String = lines.iter().map(|line| line.text()).collect();
        assert!(text.contains(r"\x1b[2J\x1b]0;owned\x07"), "{text}");
        assert!(text.contains(r"observed  \x1b[32m✓ proved\r"), "{text}");
    }

    #[test]
    fn many_long_log_lines_are_shortened() {
        let mut cause = leak();
        cause.steps[0].logged = vec!["x".repeat(100_000); 1000];
        cause.observed = "y".repeat(1 << 20);
        assert!(failure(&cause, None, 80).len() < 80);
    }
}
