//! Compares a lesson's text with its proof and its wrong servers. Also checks that the text has the
//! study aids, which help a student to learn.

mod hints;
pub mod shown_outputs;
mod study_aids;
mod test_commands;

use crate::lesson::{Criterion, Lesson, Section};
use crate::mistake::MistakePatch;
use crate::problem::{Collector, Problem, nearest, suggest};
use std::collections::HashSet;

/// Compares the text with the proof and the patches in both directions. Returns every difference in
/// the order of files and lines.
///
/// `proof` has the ids of the criteria that the lesson's proof checks, in the proof's order.
pub fn compare(lesson: &Lesson, proof: &[&str], patches: &[MistakePatch]) -> Vec<Problem> {
    let mut text = Collector::new(&lesson.path);
    study_aids::check(lesson, &mut text);
    test_commands::check(lesson, &mut text);
    hints::check(lesson, &mut text);
    compare_proof(lesson, proof, &mut text);
    compare_mistakes(lesson, patches, &mut text);
    shown_outputs::check_proof_section(lesson, &mut text);
    let mut problems = text.into_problems();
    problems.extend(patches.iter().flat_map(|patch| compare_patch(lesson, patch)));
    problems
}

fn compare_proof(lesson: &Lesson, proof: &[&str], problems: &mut Collector) {
    let mut checked = HashSet::new();
    for id in proof {
        if !checked.insert(*id) {
            let message = format!("the proof checks \"{id}\" twice; take one check out");
            problems.at(lesson.line_of(Section::Prove), message);
        }
        if let Err(unknown) = lesson.criterion(id) {
            let near = nearest(id, unknown.known.iter().map(String::as_str));
            let hint = suggest(near, format!("add one that ends with <!-- {id} task=N -->"));
            let message = format!("the proof checks \"{id}\", which no bullet states; {hint}");
            problems.at(lesson.line_of(Section::Prove), message);
        }
    }
    for Criterion { id, line, .. } in &lesson.criteria {
        if !checked.contains(id.as_str()) {
            let message = format!("no proof checks \"{id}\"; write the check, or take out the id");
            problems.at(*line, message);
        }
    }
    compare_order(lesson, proof, problems);
}

/// Reports the first criterion at which the order of the text and the order of the proof differ. A
/// criterion that only the text or only the proof has is omitted, because it is already reported.
fn compare_order(lesson: &Lesson, proof: &[&str], problems: &mut Collector) {
    let text = lesson.criteria.iter().filter(|each| proof.contains(&each.id.as_str()));
    let mut seen = HashSet::new();
    let proof = proof.iter().filter(|id| lesson.criterion(id).is_ok() && seen.insert(**id));
    let differing = text.zip(proof).find(|(stated, checked)| stated.id != **checked);
    if let Some((stated, checked)) = differing {
        let message = format!(
            "\"{}\" comes here (by task, then as in the text), and \"{checked}\" in the proof; \
             change one order",
            stated.id
        );
        problems.at(stated.line, message);
    }
}

/// Reports each row that has no wrong server, unless the row is advice. Also reports each criterion
/// that no wrong server fails.
fn compare_mistakes(lesson: &Lesson, patches: &[MistakePatch], problems: &mut Collector) {
    for row in lesson.mistakes.iter().filter(|row| !row.advice) {
        let id = &row.id;
        if !patches.iter().any(|patch| patch.row == *id) {
            let message =
                format!("no wrong server for \"{id}\"; add mistakes/{id}.patch, or mark it advice");
            problems.at(row.line, message);
        }
    }
    for Criterion { id, line, .. } in &lesson.criteria {
        if !patches.iter().any(|patch| patch.criterion == *id) {
            let message = format!("no wrong server fails \"{id}\"; add one to mistakes/");
            problems.at(*line, message);
        }
    }
}

/// Reports a patch if the lesson does not have its criterion or its row.
fn compare_patch(lesson: &Lesson, patch: &MistakePatch) -> Vec<Problem> {
    let mut problems = Collector::new(&patch.path);
    if let Err(unknown) = lesson.criterion(&patch.criterion) {
        problems.at(patch.criterion_line, unknown.to_string());
    }
    let id = &patch.row;
    match lesson.mistake(id) {
        Some(row) if row.advice => {
            let message = format!("row \"{id}\" is advice; take that word out of the table");
            problems.at(patch.row_line, message);
        }
        Some(_) => {}
        None => {
            let rows = lesson.mistakes.iter().map(|row| row.id.as_str());
            let hint = suggest(nearest(id, rows), "add it to the table");
            problems.at(patch.row_line, format!("row \"{id}\" is not in {}; {hint}", lesson.id));
        }
    }
    problems.into_problems()
}
