//! What is checked: the bullets of Prove and Done When, the rows of Common Mistakes.

use super::mark::{self, Mark};
use super::markdown::{Content, Inline};
use super::outline::Outline;
use crate::lesson::{Criterion, Kind, Mistake, Section};
use crate::problem::Collector;
use std::collections::HashMap;

/// The bullets of both lists, by task, and within a task as they stand in the text.
pub(crate) fn criteria(outline: &Outline<'_>, problems: &mut Collector) -> Vec<Criterion> {
    let tasks = outline.tasks.len() as u32;
    let mut criteria = Vec::new();
    for bullet in bullets(outline, Section::Prove, problems) {
        if bullet.comments.is_empty() {
            let message = "this bullet has no id; end it with <!-- id task=N -->";
            problems.at(bullet.line, message);
        }
        criteria.extend(criterion(bullet, Kind::Prove, tasks, problems));
    }
    for bullet in bullets(outline, Section::DoneWhen, problems) {
        criteria.extend(criterion(bullet, Kind::Guard, tasks, problems));
    }
    let ids = criteria.iter().map(|each| (each.id.as_str(), each.line));
    unique(ids, problems);
    criteria.sort_by_key(|criterion| criterion.task);
    criteria
}

fn bullets<'a>(
    outline: &Outline<'a>,
    section: Section,
    problems: &mut Collector,
) -> Vec<&'a Inline> {
    let Some(part) = outline.part(section) else {
        return Vec::new();
    };
    let lists = part.blocks.iter().filter_map(|block| match &block.content {
        Content::List(items) => Some(items),
        _ => None,
    });
    let bullets: Vec<_> = lists.flatten().collect();
    if bullets.is_empty() {
        let message = format!("\"{}\" has no bullet; write one", section.name());
        problems.at(part.line, message);
    }
    bullets
}

/// The criterion that a bullet states, if its comment gives it an id.
fn criterion(
    bullet: &Inline,
    kind: Kind,
    tasks: u32,
    problems: &mut Collector,
) -> Option<Criterion> {
    let Mark { id, task, advice } = mark::of(bullet, problems)?;
    let (text, line) = (bullet.text.clone(), bullet.line);
    let mut wrong = |what: &str| problems.at(line, format!("criterion \"{id}\" {what}"));
    if text.is_empty() {
        wrong("has no sentence; write it before the comment");
    }
    if advice {
        wrong("cannot be advice; take that word out");
    }
    match task {
        Some(task) if (1..=tasks).contains(&task) => {}
        Some(task) => wrong(&format!("belongs to task {task}, but there are {tasks}")),
        None => wrong(&format!("belongs to no task; write <!-- {id} task=N -->")),
    }
    let task = task?;
    Some(Criterion {
        id,
        kind,
        task,
        text,
        line,
    })
}

/// The rows of the table `Mistake | Fix`.
pub(crate) fn mistakes(outline: &Outline<'_>, problems: &mut Collector) -> Vec<Mistake> {
    let rows = rows(outline, problems);
    let mistakes: Vec<_> = rows
        .iter()
        .filter_map(|row| mistake(row, problems))
        .collect();
    let ids = mistakes.iter().map(|each| (each.id.as_str(), each.line));
    unique(ids, problems);
    mistakes
}

/// The rows below the head of the one table.
fn rows<'a>(outline: &Outline<'a>, problems: &mut Collector) -> &'a [Vec<Inline>] {
    let Some(part) = outline.part(Section::CommonMistakes) else {
        return &[];
    };
    let mut tables = part.blocks.iter().filter_map(|block| match &block.content {
        Content::Table(rows) => Some((block.line, rows.split_first()?)),
        _ => None,
    });
    let Some((line, (head, rows))) = tables.next() else {
        let message = "no table of mistakes; write `| Mistake | Fix |` and its rows";
        problems.at(part.line, message);
        return &[];
    };
    if let Some((line, _)) = tables.next() {
        problems.at(line, "a second table; move its rows into the first");
    }
    let columns = head.iter().map(|cell| cell.text.as_str());
    if !columns.eq(["Mistake", "Fix"]) {
        let message = "the table has other columns; its first line must be `| Mistake | Fix |`";
        problems.at(line, message);
        return &[];
    }
    rows
}

fn mistake(row: &[Inline], problems: &mut Collector) -> Option<Mistake> {
    let [mistake, fix] = row else { return None };
    let line = mistake.line;
    if mistake.text.is_empty() || fix.text.is_empty() {
        let message = "an empty cell; say what the mistake is and what to do instead";
        problems.at(line, message);
    }
    if fix.comments.is_empty() {
        let message = "this row has no id; end its Fix cell with <!-- id -->";
        problems.at(line, message);
    }
    let Mark { id, task, advice } = mark::of(fix, problems)?;
    if task.is_some() {
        let message = format!("row \"{id}\" cannot belong to a task; write <!-- {id} -->");
        problems.at(line, message);
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

/// Reports each id that an earlier line has.
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
