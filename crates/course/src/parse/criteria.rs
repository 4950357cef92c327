//! The criteria of a lesson: the bullets of Prove and Done When.

use super::id_comment::{self, IdComment, report_repeated};
use super::markdown::{Content, Inline};
use super::outline::Outline;
use crate::lesson::{Criterion, Kind, Section};
use crate::problem::Collector;

/// The criteria of both lists, sorted by task. Within a task, the criteria keep the order of the
/// text.
pub(crate) fn read(outline: &Outline<'_>, problems: &mut Collector) -> Vec<Criterion> {
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
    report_repeated(ids, problems);
    criteria.sort_by_key(|criterion| criterion.task);
    criteria
}

/// The items of a section's lists. A numbered list in Done When is omitted, because it has the open
/// questions.
fn bullets<'a>(
    outline: &Outline<'a>,
    section: Section,
    problems: &mut Collector,
) -> Vec<&'a Inline> {
    let Some(found) = outline.section(section) else {
        return Vec::new();
    };
    let lists = found.blocks.iter().filter_map(|block| match &block.content {
        Content::List { ordered: true, .. } if section == Section::DoneWhen => None,
        Content::List { items, .. } => Some(items),
        _ => None,
    });
    let bullets: Vec<_> = lists.flatten().collect();
    if bullets.is_empty() {
        let message = format!("\"{}\" has no bullet; write one", section.name());
        problems.at(found.line, message);
    }
    bullets
}

/// The criterion that a bullet states. `None` if the bullet has no comment with an id.
fn criterion(
    bullet: &Inline,
    kind: Kind,
    tasks: u32,
    problems: &mut Collector,
) -> Option<Criterion> {
    let IdComment { id, task, advice } = id_comment::of(bullet, problems)?;
    let (text, line) = (bullet.text.clone(), bullet.line);
    let mut report = |what: &str| problems.at(line, format!("criterion \"{id}\" {what}"));
    if text.is_empty() {
        report("has no sentence; write it before the comment");
    }
    if advice {
        report("cannot be advice; take that word out");
    }
    match task {
        Some(task) if (1..=tasks).contains(&task) => {}
        Some(task) => report(&format!("belongs to task {task}, but there are {tasks}")),
        None => report(&format!("belongs to no task; write <!-- {id} task=N -->")),
    }
    let task = task?;
    Some(Criterion { id, kind, task, text, line })
}
