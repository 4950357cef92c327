//! Groups students who have the same failure.

use crate::class::with_class;
use grade::report::clusters;

#[test]
fn the_largest_group_comes_first_and_names_its_students() {
    let clusters = with_class(clusters::of);
    let first = &clusters[0];
    assert!(clusters.windows(2).all(|pair| pair[0].students.len() >= pair[1].students.len()));
    assert!(first.students.windows(2).all(|pair| pair[0] < pair[1]), "{first:?}");
    let leak = clusters.iter().find(|cluster| {
        cluster.lesson == "w03-l02"
            && cluster.mistake.as_ref().is_some_and(|row| row.id == "forgot-close")
    });
    let leak = leak.unwrap();
    assert_eq!((leak.students.len(), leak.of), (7, 39));
    assert_eq!(leak.criteria, ["no-fd-leak"]);
    assert!(leak.students.contains(&"alvarez-lucia".to_owned()));
}

#[test]
fn a_mistake_that_fails_several_criteria_is_one_group() {
    let clusters = with_class(clusters::of);
    let spinning: Vec<_> = clusters
        .iter()
        .filter(|cluster| cluster.mistake.as_ref().is_some_and(|row| row.id == "spin-on-eof"))
        .collect();
    assert_eq!(spinning.len(), 1);
    assert_eq!(spinning[0].criteria, ["reuse", "no-fd-leak", "idle", "capacity"]);
}

#[test]
fn failed_builds_are_grouped_by_the_first_error() {
    let unbuilt = with_class(clusters::unbuilt);
    assert_eq!(unbuilt.len(), 2);
    assert_eq!(unbuilt[0].first_error, "error[E0425]: cannot find value `clients` in this scope");
    assert_eq!(unbuilt[0].students, ["bauer-jonas", "dvořák-petr"]);
    assert!(unbuilt[1].first_error.starts_with("error: linking"));
}

#[test]
fn the_first_error_is_found_in_the_output_of_any_compiler() {
    let gcc = "In file included from a.c:1:\nb.h:3:5: error: expected ';'\nmake: *** [server] 1";
    assert_eq!(clusters::first_error(gcc), "b.h:3:5: error: expected ';'");
    assert_eq!(clusters::first_error("\n  it took longer than 60 s"), "it took longer than 60 s");
    assert_eq!(clusters::first_error(""), "the build printed no error message");
}
