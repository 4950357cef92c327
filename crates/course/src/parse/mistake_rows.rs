//! The rows of Common Mistakes.

use super::id_comment::{self, IdComment, report_repeated};
use super::markdown::{Content, Inline};
use super::outline::Outline;
use crate::lesson::{Mistake, Section};
use crate::problem::Collector;

/// Reads the rows of the table `Mistake | Fix`.
pub(crate) fn read(outline: &Outline<'_>, problems: &mut Collector) -> Vec<Mistake> {
    let rows = rows(outline, problems);
    let mistakes: Vec<_> = rows.iter().filter_map(|row| mistake(row, problems)).collect();
    let ids = mistakes.iter().map(|each| (each.id.as_str(), each.line));
    report_repeated(ids, problems);
    mistakes
}

/// The rows below the head of the table. The section must have exactly one table.
fn rows<'a>(outline: &Outline<'a>, problems: &mut Collector) -> &'a [Vec<Inline>] {
    let Some(section) = outline.section(Section::CommonMistakes) else {
        return &[];
    };
    let mut tables = section.blocks.iter().filter_map(|block| match &block.content {
        Content::Table(rows) => Some((block.line, rows.split_first()?)),
        _ => None,
    });
    let Some((line, (head, rows))) = tables.next() else {
        let message = "no table of mistakes; write `| Mistake | Fix |` and its rows";
        problems.at(section.line, message);
        return &[];
    };
    if let Some((line, _)) = tables.next() {
        problems.at(line, "this is a second table; move its rows into the first");
    }
    let columns = head.iter().map(|cell| cell.text.as_str());
    if !columns.eq(["Mistake", "Fix"]) {
        let message = "the table has other columns; its first line must be `| Mistake | Fix |`";
        problems.at(line, message);
        return &[];
    }
    rows
}

/// The mistake that a row states. `None` if the row has no comment with an id.
fn mistake(row: &[Inline], problems: &mut Collector) -> Option<Mistake> {
    let [mistake, fix] = row else { return None };
    let line = mistake.line;
    if mistake.text.is_empty() || fix.text.is_empty() {
        let message =
            "this row has an empty cell; write what the mistake is and what to do instead";
        problems.at(line, message);
    }
    if fix.comments.is_empty() {
        let message = "this row has no id; end its Fix cell with <!-- id -->";
        problems.at(line, message);
    }
    let IdComment { id, task, advice } = id_comment::of(fix, problems)?;
    if task.is_some() {
        let message = format!("row \"{id}\" cannot belong to a task; write <!-- {id} -->");
        problems.at(line, message);
    }
    let (mistake, fix) = (mistake.text.clone(), fix.text.clone());
    Some(Mistake { id, advice, mistake, fix, hints: Vec::new(), line })
}
