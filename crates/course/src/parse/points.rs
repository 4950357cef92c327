//! What is checked: the bullets of Prove and Done When, the rows of Common Mistakes.

use super::mark::{self, Mark};
use super::markdown::{Content, Inline};
use super::outline::Outline;
use crate::lesson::{Criterion, Kind, Mistake, Section};
use crate::problem::Collector;
use std::collections::HashMap;

/// The bullets of both lists, by task, and within a task as they stand in the text.
pub(crate) fn criteria(outline: &Outline<'_>, problems: &mut Collector) -> Vec<Criterion> {
    let mut criteria = Vec::new();
    for (section, kind) in [
        (Section::Prove, Kind::Prove),
        (Section::DoneWhen, Kind::Guard),
    ] {
        let Some(part) = outline.part(section) else {
            continue;
        };
        let bullets: Vec<&Inline> = part
            .blocks
            .iter()
            .flat_map(|block| items(&block.content))
            .collect();
        if bullets.is_empty() {
            problems.at(
                part.line,
                format!("\"{}\" has no bullet; write one", section.name()),
            );
        }
        let tasks = outline.tasks.len() as u32;
        criteria.extend(
            bullets
                .iter()
                .filter_map(|bullet| criterion(bullet, kind, tasks, problems)),
        );
    }
    unique(
        criteria.iter().map(|each| (each.id.as_str(), each.line)),
        problems,
    );
    criteria.sort_by_key(|criterion| criterion.task);
    criteria
}

fn items(content: &Content) -> &[Inline] {
    match content {
        Content::List(items) => items,
        _ => &[],
    }
}

fn criterion(
    bullet: &Inline,
    kind: Kind,
    tasks: u32,
    problems: &mut Collector,
) -> Option<Criterion> {
    let line = bullet.line;
    if bullet.comments.is_empty() && kind == Kind::Prove {
        problems.at(
            line,
            "this bullet has no id; end it with <!-- id task=N -->",
        );
    }
    let Mark { id, task, advice } = mark::of(bullet, problems)?;
    if bullet.text.is_empty() {
        problems.at(
            line,
            format!("criterion \"{id}\" has no sentence; write it before the comment"),
        );
    }
    if advice {
        problems.at(
            line,
            format!("criterion \"{id}\" cannot be advice; take out its comment"),
        );
    }
    match task {
        Some(task) if (1..=tasks).contains(&task) => {
            return Some(Criterion {
                id,
                kind,
                task,
                text: bullet.text.clone(),
                line,
            });
        }
        Some(task) => problems.at(
            line,
            format!(
                "criterion \"{id}\" belongs to task {task}, which does not exist; there are {tasks}"
            ),
        ),
        None => problems.at(
            line,
            format!("criterion \"{id}\" belongs to no task; write <!-- {id} task=N -->"),
        ),
    }
    None
}

/// The rows of the table `Mistake | Fix`.
pub(crate) fn mistakes(outline: &Outline<'_>, problems: &mut Collector) -> Vec<Mistake> {
    let Some(part) = outline.part(Section::CommonMistakes) else {
        return Vec::new();
    };
    let mut tables = part.blocks.iter().filter_map(|block| match &block.content {
        Content::Table(rows) => Some((block.line, rows)),
        _ => None,
    });
    let Some((line, rows)) = tables.next() else {
        problems.at(
            part.line,
            "no table of mistakes; write `| Mistake | Fix |` and its rows",
        );
        return Vec::new();
    };
    if let Some((line, _)) = tables.next() {
        problems.at(line, "a second table; move its rows into the first");
    }
    let mut rows = rows.iter();
    let head = rows.next().map_or(&[][..], Vec::as_slice);
    if !head
        .iter()
        .map(|cell| cell.text.as_str())
        .eq(["Mistake", "Fix"])
    {
        problems.at(
            line,
            "the table has other columns; its first line must be `| Mistake | Fix |`",
        );
        return Vec::new();
    }
    let mistakes: Vec<Mistake> = rows.filter_map(|row| mistake(row, problems)).collect();
    unique(
        mistakes.iter().map(|each| (each.id.as_str(), each.line)),
        problems,
    );
    mistakes
}

fn mistake(row: &[Inline], problems: &mut Collector) -> Option<Mistake> {
    let [mistake, fix] = row else { return None };
    let line = mistake.line;
    if mistake.text.is_empty() || fix.text.is_empty() {
        problems.at(
            line,
            "an empty cell; say what the mistake is and what to do instead",
        );
    }
    if fix.comments.is_empty() {
        problems.at(
            line,
            "this row has no id; end its Fix cell with <!-- id -->",
        );
    }
    let Mark { id, task, advice } = mark::of(fix, problems)?;
    if task.is_some() {
        problems.at(
            line,
            format!("row \"{id}\" cannot belong to a task; write <!-- {id} -->"),
        );
    }
    let (mistake, fix) = (mistake.text.clone(), fix.text.clone());
    Some(Mistake {
        id,
        advice,
        mistake,
        fix,
        line,
    })
}

fn unique<'a>(ids: impl Iterator<Item = (&'a str, usize)>, problems: &mut Collector) {
    let mut seen = HashMap::new();
    for (id, line) in ids {
        if let Some(first) = seen.insert(id, line) {
            problems.at(
                line,
                format!("id \"{id}\" is already on line {first}; choose another"),
            );
        }
    }
}
