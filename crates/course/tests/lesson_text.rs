//! What a lesson's text becomes.

use course::lesson::{Criterion, Kind, Lesson, Mistake, Section, Text, Worth};
use std::path::Path;

const TEXT: &str = include_str!("fixture/lesson.md");

fn parse(text: &str) -> Lesson {
    let path = Path::new("lessons/w05-l03-count/lesson.md");
    Lesson::parse(path, text.as_bytes()).unwrap()
}

fn text(markdown: &str, line: usize) -> Text {
    Text { markdown: markdown.to_owned(), line }
}

#[test]
fn a_lesson_has_its_front_matter_and_its_sections() {
    let lesson = parse(TEXT);
    assert_eq!((lesson.id.as_str(), lesson.title.as_str()), ("w05-l03", "Count"));
    assert_eq!((lesson.order, lesson.duration_min), (3, 45));
    assert_eq!(lesson.folder(), Path::new("lessons/w05-l03-count"));
    assert_eq!(lesson.goal, text("Count to ten.", 11));
    assert_eq!(lesson.matters, text("Numbers come after one another.", 15));
    assert_eq!(lesson.warmup, text("1. Which number comes first?", 22));
    assert_eq!(lesson.hero_visual, text("1 → 2 → 3\n", 78));
    assert_eq!(lesson.line_of(Section::Ship), 52);
}

#[test]
fn a_task_has_do_test_and_expected() {
    let lesson = parse(TEXT);
    let task = &lesson.tasks[1];
    assert_eq!((task.number, task.title.as_str(), task.line), (2, "Go on", 36));
    assert_eq!(task.work, text("Print the rest.", 38));
    assert_eq!(task.test, text("```bash\ncount 10\n```", 40));
    assert_eq!(task.expected, text("Ten lines.", 45));
}

#[test]
fn criteria_come_by_task_and_without_marks() {
    let criterion = |id: &str, kind, task, text: &str, line| {
        let (id, text) = (id.to_owned(), text.to_owned());
        Criterion { id, kind, task, text, line }
    };
    let expected = [
        criterion("first", Kind::Prove, 1, "It prints 1 first", 49),
        criterion("no-eleven", Kind::Guard, 1, "It prints no 11", 61),
        criterion("last", Kind::Prove, 2, "It stops at 10", 50),
    ];
    assert_eq!(parse(TEXT).criteria, expected);
}

#[test]
fn a_row_has_its_id_and_may_be_advice() {
    let row = |id: &str, advice, mistake: &str, fix: &str, line| {
        let (id, mistake, fix) = (id.to_owned(), mistake.to_owned(), fix.to_owned());
        Mistake { id, advice, mistake, fix, line }
    };
    let expected = [
        row("zero", false, "Beginning with 0", "Add one.", 67),
        row("by-hand", true, "Counting by hand", "Let it count.", 68),
    ];
    assert_eq!(parse(TEXT).mistakes, expected);
}

#[test]
fn an_output_block_says_which_bytes_its_command_fills() {
    let lesson = parse(TEXT);
    let [output] = lesson.outputs.as_slice() else { panic!("one output") };
    assert_eq!((output.command.as_str(), output.line), ("count 2", 72));
    assert_eq!(output.text, "1\n2\n");
    assert_eq!(&TEXT[output.range.clone()], output.text);
}

#[test]
fn an_output_block_may_be_empty() {
    let empty = TEXT.replace("1\n2\n", "");
    let lesson = parse(&empty);
    let range = lesson.outputs[0].range.clone();
    assert!(range.is_empty());
    assert_eq!(&empty[..range.start], &TEXT[..range.start]);
}

#[test]
fn windows_line_ends_change_no_id_and_no_line() {
    let (unix, windows) = (parse(TEXT), parse(&TEXT.replace('\n', "\r\n")));
    assert_eq!((unix.criteria, unix.mistakes), (windows.criteria, windows.mistakes));
    assert_eq!(unix.sections, windows.sections);
}

#[test]
fn a_comment_in_code_is_text() {
    let lesson = parse(&TEXT.replace("stops at 10", "stops at `<!--`"));
    assert_eq!(lesson.criterion("last").unwrap().text, "It stops at <!--");
}

#[test]
fn a_done_when_bullet_without_an_id_is_not_checked() {
    assert!(!parse(TEXT).criteria.iter().any(|each| each.text.contains("count without it")));
}

#[test]
fn a_misspelt_criterion_is_answered_with_a_suggestion() {
    assert_eq!(
        parse(TEXT).criterion("lasst").unwrap_err().to_string(),
        "criterion \"lasst\" is not in w05-l03; did you mean last?"
    );
}

#[test]
fn a_lesson_is_worth_a_point_a_criterion_unless_it_says() {
    let worth = |points: &str| {
        parse(&TEXT.replace("type: lesson\n", &format!("type: lesson\n{points}"))).worth
    };
    assert_eq!(worth(""), Worth::Equal);
    assert_eq!(worth("points: 7.5 # as much as a quiz\n"), Worth::Whole(7.5));
    let each = [("first".to_owned(), 2.0), ("last".to_owned(), 0.0)].into();
    assert_eq!(worth("points:\n  first: 2\n  last: 0\n"), Worth::Each(each));
}
