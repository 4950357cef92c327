//! Groups of students with the same failure, for the class page and the summary.

use super::{Class, plain};
use crate::model::{BuildStatus, Cause, CriterionGrade, LessonGrade, Mistake, Verdict};
use course::report::Status;
use std::collections::BTreeMap;

/// Students whose servers fail for the same reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// The lesson's id.
    pub lesson: String,
    /// The criteria that failed for this reason, in the order of the first student's results.
    pub criteria: Vec<String>,
    /// The row of the lesson's Common Mistakes; `None` if no such row describes the cause.
    pub mistake: Option<Mistake>,
    /// The cause in one sentence, taken from the first student's results.
    pub summary: String,
    /// The names of the students, in order.
    pub students: Vec<String>,
    /// The number of students who handed something in for this lesson.
    pub of: usize,
}

/// Students whose programs could not be built for the same reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unbuilt {
    /// The lesson's id.
    pub lesson: String,
    /// The first error message of the compiler.
    pub first_error: String,
    /// The names of the students, in order.
    pub students: Vec<String>,
}

/// The groups of failures, the largest group first.
///
/// A row of Common Mistakes is one group, even if it fails several criteria. All other failures are
/// grouped by criterion and cause.
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

/// The groups of programs that could not be built, the largest group first.
pub fn unbuilt(class: &Class<'_>) -> Vec<Unbuilt> {
    let mut groups: BTreeMap<(&str, String), Vec<String>> = BTreeMap::new();
    for (student, grade) in grades(class) {
        if grade.build.status == BuildStatus::Failed {
            let error = first_error(&grade.build.message);
            groups.entry((&grade.lesson, error)).or_default().push(student.clone());
        }
    }
    let unbuilt = |((lesson, first_error), students): ((&str, String), Vec<String>)| Unbuilt {
        lesson: lesson.to_owned(),
        first_error,
        students,
    };
    let mut groups: Vec<_> = groups.into_iter().map(unbuilt).collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.students.len()));
    groups
}

/// The first line of a compiler's output that is an error message. If there is none, this is the
/// first line that is not empty.
pub fn first_error(message: &str) -> String {
    let lines = || message.lines().map(str::trim).filter(|line| !line.is_empty());
    let is_error = |line: &&str| line.starts_with("error") || line.contains("error:");
    let found = lines().find(is_error).or_else(|| lines().next());
    plain::line(found.unwrap_or("the build printed no error message"), 160)
}

/// The key of a group: failures with equal keys belong to the same group.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key<'a> {
    /// The lesson and the row of Common Mistakes.
    Mistake(&'a str, &'a str),
    /// The lesson, the criterion and the cause. If the server stopped at a `todo!`, the last field
    /// names the task of this `todo!`. Otherwise, the last field is empty.
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
        let has_program =
            !matches!(grade.verdict, Verdict::Missing | Verdict::NotHandedIn | Verdict::Refused);
        grade.lesson == lesson && has_program
    };
    grades(class).filter(|(_, grade)| is_there(grade)).count()
}

fn first(grade: &LessonGrade, cause: &Cause, of: usize) -> Cluster {
    Cluster {
        lesson: grade.lesson.clone(),
        criteria: Vec::new(),
        mistake: cause.mistake.clone(),
        summary: plain::line(&cause.summary, plain::MAX_LINE),
        students: Vec::new(),
        of,
    }
}
