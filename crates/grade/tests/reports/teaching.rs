//! What a teacher opens after grading: the rates of the criteria, the feedback for each student, the
//! files for gradebooks, and the page of near copies.

use crate::class::{submissions, with_class, with_submissions};
use crate::html::{check, pages_of};
use course::report::Status;
use grade::model::{Person, Submission};
use grade::overrides::{Correction, Overrides, StudentOverrides};
use grade::report::{Class, feedback, gradebooks, html, rates};
use grade::similarity::{Block, Copies, Group, Pair, Passage};
use std::fs;

#[test]
fn a_rate_counts_those_who_handed_in_and_could_be_checked() {
    let submissions = submissions();
    with_submissions(&submissions, |class| {
        let rates = rates::of(class);
        let watch = rates.iter().find(|rate| rate.criterion == "watch-set").unwrap();
        let grades = submissions.iter().flat_map(|it| &it.lessons);
        let grades = grades.filter(|grade| grade.lesson == "w03-l02");
        let all = grades.flat_map(|grade| &grade.criteria).filter(|each| each.id == "watch-set");
        let proved = all.clone().filter(|each| each.status == Status::Proved).count();
        // One submission is refused, and one is inconclusive.
        assert_eq!((watch.proved, watch.of), (proved, all.count() - 2));
        assert_eq!(watch.percent(), Some(proved * 100 / watch.of));
        assert!(watch.median_millis.unwrap() > 0.0);
    });
}

#[test]
fn a_class_without_results_has_no_rates() {
    with_submissions(&[], |class| assert!(rates::of(class).is_empty()));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("criteria.csv");
    with_class(|class| rates::write(class, &file)).unwrap();
    let text = fs::read_to_string(file).unwrap();
    assert!(text.starts_with("lesson,criterion,proved,students,percent,median_ms\nw01-l01,"));
    assert_eq!(text.lines().count(), with_class(|class| rates::of(class).len()) + 1);
}

fn of<'a>(submissions: &'a [Submission], student: &str) -> &'a Submission {
    submissions.iter().find(|it| it.student == student).unwrap()
}

#[test]
fn the_feedback_has_the_verdict_the_cause_and_the_next_step() {
    let submissions = submissions();
    let text = |student: &str| {
        with_submissions(&submissions, |class| feedback::text(class, of(&submissions, student)))
    };
    let failed = text("alvarez-lucia");
    for part in [
        "# networks-2026: feedback for alvarez-lucia\n",
        "**not yet**: 14 of 15 points, 14 of 15 criteria proved.",
        "### What holds\n\n- `starts`: ",
        "### What does not hold yet\n\n- `no-fd-leak`: ",
        "\n  - Cause: The server logged that A left, but never closed its socket.",
        "\n  - Common mistake: Forgetting to close the descriptor",
        "### Next step\n\nRun `cargo xtask prove w03-l02 --only no-fd-leak`, and read its steps.",
    ] {
        assert!(failed.contains(part), "{part}: {failed}");
    }
    let unbuilt = text("bauer-jonas");
    assert!(unbuilt.contains("\n    error[E0425]: cannot find value `clients`"), "{unbuilt}");
    assert!(unbuilt.contains("Make the program compile. The first error is: `error[E0425]"));
    assert!(text("kim-minjun").contains("**inconclusive**: unknown of 15 points"));
    assert!(text("garcía-mateo").contains("Hand in an archive that can be read."));
    assert!(text("chen-wei").contains("Hand the lesson in."));
}

#[test]
fn a_text_of_a_student_is_no_markdown() {
    let mut submission = of(&submissions(), "alvarez-lucia").clone();
    let hostile = "# [click](https://evil) ![x](//y) <b>`code` # *x* \u{1b}[2J";
    submission.student = hostile.into();
    submission.notes = vec![hostile.into()];
    for criterion in submission.lessons.iter_mut().flat_map(|grade| &mut grade.criteria) {
        if let Some(cause) = &mut criterion.cause {
            (cause.summary, cause.replay) = (hostile.into(), hostile.into());
        }
    }
    let submissions = [submission];
    let text = with_submissions(&submissions, |class| feedback::text(class, &submissions[0]));
    assert!(text.contains("[click\\](https://evil) ![x\\](//y) \\<b>\\`code\\` # \\*x\\*"));
    assert!(!text.contains('\u{1b}') && !text.contains("\n> #"), "{text}");
    let spans =
        text.lines().filter(|line| line.contains("https://evil") && line.contains("again: `"));
    assert!(
        spans.clone().count() > 0 && spans.into_iter().all(|line| line.matches('`').count() == 2)
    );
}

fn rows(write: impl Fn(&Class<'_>, &std::path::Path) -> anyhow::Result<()>) -> Vec<Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.csv");
    with_class(|class| write(class, &file)).unwrap();
    let mut table = ::csv::ReaderBuilder::new().has_headers(false).from_path(file).unwrap();
    table.deserialize().map(Result::unwrap).collect()
}

/// Reads the rows as Canvas does: the header has to have Student and ID, the column after SIS Login
/// ID is Section, and a row with `Points Possible` is no student.
#[test]
fn canvas_finds_the_columns_the_points_possible_and_the_students() {
    let rows = rows(gradebooks::write_canvas);
    assert_eq!(rows[0][..5], ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]);
    assert_eq!(rows[0][6], "w03-l02 Accept & Track Many Clients");
    assert!(rows[1][0].contains("Points Possible"));
    assert_eq!(rows[1][6], "15");
    assert_eq!(rows.len(), 42);
    let cell = |student: &str| {
        let row = rows.iter().find(|row| row[0] == student).unwrap();
        assert_eq!(row[3], student);
        row[6].clone()
    };
    assert_eq!(cell("alvarez-lucia"), "14");
    assert_eq!(cell("kim-minjun"), "", "unknown points are no zero");
    assert_eq!(cell("garcía-mateo"), "0");
}

#[test]
fn moodle_gets_no_feedback_without_a_grade() {
    let rows = rows(gradebooks::write_moodle);
    assert_eq!(rows[0][..3], ["Student", "ID number", "Email address"]);
    let title = "w03-l02 Accept & Track Many Clients";
    assert_eq!(rows[0][5..], [title.to_owned(), format!("{title} (feedback)")]);
    for row in &rows[1..] {
        for pair in row[3..].chunks(2) {
            assert_eq!(pair[0].is_empty(), pair[1].is_empty(), "{row:?}");
        }
    }
    let row = rows.iter().find(|row| row[0] == "alvarez-lucia").unwrap();
    assert_eq!((row[1].as_str(), row[2].as_str(), row[5].as_str()), ("alvarez-lucia", "", "14"));
    assert!(
        row[6].starts_with("not yet, 14 of 15 criteria proved; no-fd-leak: The server"),
        "{}",
        row[6]
    );
}

#[test]
fn the_rosters_ids_and_addresses_are_in_the_gradebook_files() {
    let mut submission = of(&submissions(), "alvarez-lucia").clone();
    submission.student = "Lucía Álvarez".to_owned();
    submission.person = Person { id: "s01".to_owned(), email: "lucia@example.org".to_owned() };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.csv");
    let first_row = |write: &dyn Fn(&Class<'_>) -> anyhow::Result<()>, row: usize| -> Vec<String> {
        with_submissions(std::slice::from_ref(&submission), write).unwrap();
        let mut table = ::csv::ReaderBuilder::new().has_headers(false).from_path(&file).unwrap();
        table.deserialize().nth(row).unwrap().unwrap()
    };
    let canvas = first_row(&|class| gradebooks::write_canvas(class, &file), 2);
    assert_eq!(canvas[..5], ["Lucía Álvarez", "", "s01", "", ""]);
    let moodle = first_row(&|class| gradebooks::write_moodle(class, &file), 1);
    assert_eq!(moodle[..3], ["Lucía Álvarez", "s01", "lucia@example.org"]);
}

#[test]
fn a_student_whose_points_are_all_unknown_is_not_imported() {
    let mut submission = of(&submissions(), "kim-minjun").clone();
    submission.lessons.remove(0);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("moodle.csv");
    with_submissions(&[submission], |class| gradebooks::write_moodle(class, &file)).unwrap();
    assert_eq!(fs::read_to_string(file).unwrap().lines().count(), 1);
}

/// Near copies in which every text that a student can choose is `text`.
pub(crate) fn copies(text: &str, students: [&str; 2]) -> Copies {
    let [first, second] = students.map(|student| vec![student.to_owned()]);
    let lines = (0..9).map(|n| format!("    {text} {n}")).collect::<Vec<_>>();
    let passage = Passage { path: text.to_owned(), line: 12, lines };
    let block = Block { first: passage.clone(), second: passage };
    let lesson = "w03-l02".to_owned();
    let students = vec![first[0].clone(), second[0].clone()];
    let same = vec![Group { lesson: lesson.clone(), students }];
    let pairs = vec![Pair { lesson, first, second, share: 0.834, blocks: vec![block; 2] }];
    Copies { same, pairs, compared: 40 }
}

#[test]
fn the_page_of_near_copies_shows_the_passages_side_by_side() {
    let hostile = "</code></pre><script>alert(1)</script>\u{202e}";
    for text in ["int fd = accept(listener);", hostile] {
        let copies = copies(text, ["alvarez-lucia", "bauer-jonas"]);
        let pages = with_class(|class| {
            pages_of(|folder| html::write(&Class { copies: Some(&copies), ..*class }, folder))
        });
        check(&pages);
        let page = &pages["copies.html".as_ref() as &std::path::Path];
        assert!(page.contains("83 % of the smaller program’s own code"));
        assert_eq!(page.matches("<pre").count(), 4);
        assert!(!page.contains("<script") && !page.contains('\u{202e}'));
        assert!(pages["index.html".as_ref() as &std::path::Path].contains("copies.html"));
    }
}

#[test]
fn a_correction_and_a_note_are_in_the_feedback_and_for_the_gradebook() {
    let correction = Correction {
        points: [("no-fd-leak".to_owned(), 0.5)].into(),
        extension: Some(1_791_583_140),
        note: "Counted by hand.".to_owned(),
    };
    let student = StudentOverrides {
        note: String::new(),
        lessons: [("w03-l02".to_owned(), correction)].into(),
    };
    let overrides = Overrides { students: [("alvarez-lucia".to_owned(), student)].into() };
    let submissions = submissions();
    with_submissions(&submissions, |class| {
        let class = Class { overrides: &overrides, ..*class };
        let submission = of(&submissions, "alvarez-lucia");
        let text = feedback::text(&class, submission);
        let expected = "### From your instructor\n\n\
                        - no-fd-leak: 0.5 points, measured 0\n\
                        - extended until 2026-10-09 21:59 UTC\n- Counted by hand.\n";
        assert!(text.contains(expected), "{text}");
        assert!(text.contains("14.5 of 15 points"), "{text}");
        assert!(
            feedback::short(&class, submission, &submission.lessons[1])
                .ends_with("Counted by hand.")
        );
    });
}
