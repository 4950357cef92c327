//! A lesson's text is parsed into its parts.

use course::lesson::{Criterion, Kind, Lesson, Mistake, Points, Section, Text};
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
fn front_matter_and_sections_are_parsed() {
    let lesson = parse(TEXT);
    assert_eq!((lesson.id.as_str(), lesson.title.as_str()), ("w05-l03", "Count"));
    assert_eq!((lesson.order, lesson.duration_min), (3, 45));
    assert_eq!(lesson.folder(), Path::new("lessons/w05-l03-count"));
    assert_eq!(lesson.what_you_build, text("A counter.", 18));
    assert_eq!(lesson.why_it_matters, text("Numbers come after one another.", 20));
    assert!(lesson.warmup.markdown.starts_with("1. Which number comes first?"));
    assert_eq!(lesson.warmup.line, 27);
    assert_eq!(lesson.hero_visual, text("1 → 2 → 3\n", 103));
    assert_eq!(lesson.line_of(Section::Ship), 72);
}

#[test]
fn the_labelled_texts_of_a_task_are_parsed() {
    let lesson = parse(TEXT);
    let task = &lesson.tasks[1];
    assert_eq!((task.number, task.title.as_str(), task.line), (2, "Go on", 52));
    assert_eq!(task.predict, Some(text("How long is the output?", 54)));
    let invariant = text("Each number is the last one plus one.", 56);
    assert_eq!(task.invariant, Some(invariant));
    assert_eq!(task.work, text("Print the rest.", 58));
    assert_eq!(task.test, text("```bash\ncount 10\n```", 60));
    assert_eq!(task.expected, text("Ten lines.", 65));
}

#[test]
fn outcomes_answers_and_open_questions_are_parsed() {
    let lesson = parse(TEXT);
    assert_eq!(lesson.outcomes, Some(text("- count\n- stop", 13)));
    assert_eq!(lesson.warmup_answers, Some(text("1. The number one.", 31)));
    let questions = [text("Why ten?", 85), text("What comes before one?", 86)];
    assert_eq!(lesson.open_questions, questions);
}

#[test]
fn study_aids_may_be_missing() {
    let fold = &TEXT[TEXT.find("<details>").unwrap()..TEXT.find("### Work").unwrap()];
    let lesson = parse(
        &TEXT
            .replace(fold, "")
            .replace("**Predict:**", "Predict:")
            .replace("You will be able to:", "Afterwards:")
            .replace("1. Why ten?\n2. What comes before one?\n", ""),
    );
    assert_eq!((lesson.outcomes, lesson.warmup_answers), (None, None));
    assert!(lesson.open_questions.is_empty());
    assert!(lesson.tasks.iter().all(|task| task.predict.is_none() && task.invariant.is_some()));
}

#[test]
fn criteria_are_sorted_by_task_and_have_no_marks() {
    let criterion = |id: &str, kind, task, text: &str, line| {
        let (id, text) = (id.to_owned(), text.to_owned());
        Criterion { id, kind, task, text, line }
    };
    let expected = [
        criterion("first", Kind::Prove, 1, "It prints 1 first", 69),
        criterion("no-eleven", Kind::Guard, 1, "It prints no 11", 81),
        criterion("last", Kind::Prove, 2, "It stops at 10", 70),
    ];
    assert_eq!(parse(TEXT).criteria, expected);
}

#[test]
fn rows_of_common_mistakes_are_parsed() {
    let row = |id: &str, advice, mistake: &str, fix: &str, line| {
        let (id, mistake, fix) = (id.to_owned(), mistake.to_owned(), fix.to_owned());
        Mistake { id, advice, mistake, fix, hints: Vec::new(), line }
    };
    let expected = [
        row("zero", false, "Beginning with 0", "Add one.", 92),
        row("by-hand", true, "Counting by hand", "Let it count.", 93),
    ];
    assert_eq!(parse(TEXT).mistakes, expected);
}

#[test]
fn an_output_block_has_the_range_of_its_text() {
    let lesson = parse(TEXT);
    let [output] = lesson.outputs.as_slice() else { panic!("one output") };
    assert_eq!((output.command.as_str(), output.line), ("count 2", 97));
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
fn the_hints_of_a_row_are_the_list_below_its_id() {
    let hints = "##### zero\n\n1. Which is *first*?\n2. Look at `0`.\n3. One.\n\n";
    let fold = format!("<details>\n<summary>Hints</summary>\n\n{hints}</details>\n\n## Proof");
    let lesson = parse(&TEXT.replace("## Proof", &fold));
    let of = |id: &str| -> Vec<_> {
        lesson.mistake(id).unwrap().hints.iter().map(|hint| hint.markdown.as_str()).collect()
    };
    assert_eq!(of("zero"), ["Which is first?", "Look at 0.", "One."]);
    assert!(of("by-hand").is_empty());
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
fn an_unknown_criterion_gets_a_suggestion() {
    assert_eq!(
        parse(TEXT).criterion("lasst").unwrap_err().to_string(),
        "criterion \"lasst\" is not in w05-l03; did you mean last?"
    );
}

#[test]
fn a_lesson_is_worth_a_point_a_criterion_unless_it_assert_problems() {
    let points = |points: &str| {
        parse(&TEXT.replace("type: lesson\n", &format!("type: lesson\n{points}"))).points
    };
    assert_eq!(points(""), Points::Equal);
    assert_eq!(points("points: 7.5 # as much as a quiz\n"), Points::Total(7.5));
    let each = [("first".to_owned(), 2.0), ("last".to_owned(), 0.0)].into();
    assert_eq!(points("points:\n  first: 2\n  last: 0\n"), Points::PerCriterion(each));
}
