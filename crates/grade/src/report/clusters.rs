//! What many of a class got wrong in the same way, for a class page and a summary.

use super::{Class, plain};
use crate::model::{BuildStatus, Cause, CriterionGrade, LessonGrade, Mistake, Verdict};
use course::report::Status;
use std::collections::BTreeMap;

/// Students whose servers fail for the same reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// The lesson's id.
    pub lesson: String,
    /// The criteria that it showed in, in the lesson's order of the first student.
    pub criteria: Vec<String>,
    /// The Common Mistakes row, where it is one.
    pub mistake: Option<Mistake>,
    /// The cause in a sentence: the first student's.
    pub summary: String,
    /// By name.
    pub students: Vec<String>,
    /// How many handed something in for this lesson.
    pub of: usize,
}

/// Students whose programs could not be built for the same reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unbuilt {
    /// The lesson's id.
    pub lesson: String,
    /// The first thing that the compiler took exception to.
    pub words: String,
    /// By name.
    pub students: Vec<String>,
}

/// What went wrong, the largest group first.
///
/// A Common Mistake is one group however many criteria it fails. What is no such row is grouped by
/// criterion and cause.
pub fn of(class: &Class<'_>) -> Vec<Cluster> {
    let mut clusters: BTreeMap<Key<'_>, Cluster> = BTreeMap::new();
    for (student, grade) in grades(class) {
        for (criterion, cause) in grade.criteria.iter().filter_map(failed) {
            let cluster = clusters.entry(Key::of(grade, criterion, cause)).or_insert_with(|| {
                let of = handed_in(class, &grade.lesson);
                first(grade, cause, of)
            });
            if cluster.students.last() != Some(student) {
                cluster.students.push(student.clone());
            }
            if !cluster.criteria.contains(&criterion.id) {
                cluster.criteria.push(criterion.id.clone());
            }
        }
    }
    let mut clusters: Vec<_> = clusters.into_values().collect();
    clusters.sort_by_key(|cluster| std::cmp::Reverse(cluster.students.len()));
    clusters
}

/// What could not be built, the largest group first.
pub fn unbuilt(class: &Class<'_>) -> Vec<Unbuilt> {
    let mut groups: BTreeMap<(&str, String), Vec<String>> = BTreeMap::new();
    for (student, grade) in grades(class) {
        if grade.build.status == BuildStatus::Failed {
            let words = first_error(&grade.build.message);
            groups.entry((&grade.lesson, words)).or_default().push(student.clone());
        }
    }
    let unbuilt = |((lesson, words), students): ((&str, String), Vec<String>)| Unbuilt {
        lesson: lesson.to_owned(),
        words,
        students,
    };
    let mut groups: Vec<_> = groups.into_iter().map(unbuilt).collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.students.len()));
    groups
}

/// The first line of a compiler's words that is an error; the first line at all where none is.
pub fn first_error(message: &str) -> String {
    let lines = || message.lines().map(str::trim).filter(|line| !line.is_empty());
    let is_error = |line: &&str| line.starts_with("error") || line.contains("error:");
    let words = lines().find(is_error).or_else(|| lines().next());
    plain::line(words.unwrap_or("no word of why"), 160)
}

/// What makes two failures the same.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key<'a> {
    /// A lesson's row.
    Mistake(&'a str, &'a str),
    /// Lesson, criterion, cause, and for a task that is still to do, which.
    Cause(&'a str, &'a str, &'a str, &'a str),
}

impl<'a> Key<'a> {
    fn of(grade: &'a LessonGrade, criterion: &'a CriterionGrade, cause: &'a Cause) -> Self {
        let detail = if cause.id == "todo" { cause.summary.as_str() } else { "" };
        match &cause.mistake {
            Some(row) => Self::Mistake(&grade.lesson, &row.id),
            None => Self::Cause(&grade.lesson, &criterion.id, &cause.id, detail),
        }
    }
}

fn grades<'a>(class: &Class<'a>) -> impl Iterator<Item = (&'a String, &'a LessonGrade)> {
    let submissions = class.submissions.iter();
    submissions.flat_map(|submission| {
        submission.lessons.iter().map(move |grade| (&submission.student, grade))
    })
}

fn failed(criterion: &CriterionGrade) -> Option<(&CriterionGrade, &Cause)> {
    let is_failed = criterion.status == Status::Failed;
    criterion.cause.as_ref().filter(|_| is_failed).map(|cause| (criterion, cause))
}

fn handed_in(class: &Class<'_>, lesson: &str) -> usize {
    let is_there = |grade: &LessonGrade| {
        grade.lesson == lesson && !matches!(grade.verdict, Verdict::Missing | Verdict::Refused)
    };
    grades(class).filter(|(_, grade)| is_there(grade)).count()
}

fn first(grade: &LessonGrade, cause: &Cause, of: usize) -> Cluster {
    Cluster {
        lesson: grade.lesson.clone(),
        criteria: Vec::new(),
        mistake: cause.mistake.clone(),
        summary: plain::line(&cause.summary, plain::LONG),
        students: Vec::new(),
        of,
    }
}
