//! Problems of the front matter and of the title.

use super::{CORRECT, assert_problems, problems};

#[test]
fn each_wrong_field_of_the_front_matter_is_reported() {
    assert_problems("id: w05-l03\n", "", &["--- => the front matter has no id; add `id: …`"]);
    assert_problems(
        "order: 3\nduration_min: 45\n",
        "",
        &[
            "--- => the front matter has no order; add `order: 1`",
            "--- => the front matter has no duration_min; add `duration_min: 1`",
        ],
    );
    assert_problems(
        "id: w05-l03",
        "id: w5-l3",
        &["id: => id \"w5-l3\" does not have the form w03-l02 (week, lesson)"],
    );
    assert_problems(
        "id: w05-l03",
        "id: w05-l04",
        &["id: => id w05-l04 and folder w05-l03-count differ; rename one: w05-l04-…"],
    );
    assert_problems(
        "title: \"Count\"",
        "title: 7",
        &["title: => title must be a text; write it in quotes"],
    );
    assert_problems(
        "duration_min: 45",
        "duration_min: -45",
        &["duration_min: => duration_min must be a whole number from 1 up"],
    );
    assert_problems(
        "type: lesson",
        "type: quiz",
        &["type: => unknown page type; write `type: lesson`"],
    );
    assert_problems(
        "duration_min: 45",
        "duration_mins: 45",
        &[
            "--- => the front matter has no duration_min; add `duration_min: 1`",
            "duration_mins: => unknown field \"duration_mins\"; did you mean \"duration_min\"?",
        ],
    );
}

#[test]
fn missing_front_matter_is_one_problem() {
    let front = CORRECT.split_inclusive('\n').take(7).collect::<String>();
    let none = " => no front matter; open the file with a line ---, the fields id, title, order, \
                duration_min and type, and a line ---";
    assert_problems(&front, "", &[none]);
    assert_problems("type: lesson\n---\n", "type: lesson\n", &[none]);
    let problems = problems(CORRECT.replace("order: 3", "order: [3").as_bytes());
    assert!(problems[0].contains("lesson.md:5: the front matter is not YAML"), "{problems:?}");
    assert_eq!(problems.len(), 1);
}

#[test]
fn a_title_that_differs_from_the_front_matter_is_reported() {
    assert_problems(
        "Lesson 3 (3/4): Count",
        "Lesson 2 (2/4): Count",
        &["# Lesson => the title differs from the front matter; write `# Lesson 3 (3/…): Count`"],
    );
    assert_problems(
        "Lesson 3 (3/4): Count",
        "Lesson 3 (3/4): Countdown",
        &["# Lesson => the title differs from the front matter; write `# Lesson 3 (3/…): Count`"],
    );
    assert_problems(
        "Lesson 3 (3/4): Count",
        "Lesson 3 (3/2): Count",
        &["# Lesson => the title differs from the front matter; write `# Lesson 3 (3/…): Count`"],
    );
    assert_problems(
        "Lesson 3 (3/4): Count",
        "Count",
        &["# Count => the title differs from the front matter; write `# Lesson 3 (3/…): Count`"],
    );
    assert_problems(
        "# Lesson 3",
        "Counting\n\n# Lesson 3",
        &["Counting => text before the title; move it below"],
    );
    assert_problems(
        "### Ship",
        "# Ship",
        &[
            "### Prove => missing section \"Ship\"; add `### Ship` below",
            "# Ship => this is a second title; begin a section's heading with ##",
        ],
    );
}

#[test]
fn wrong_points_are_reported() {
    let points = |points: &str, expected: &[&str]| {
        assert_problems("type: lesson\n", &format!("type: lesson\npoints: {points}\n"), expected);
    };
    let form = "a number from 0 up, or criteria with a number each";
    for wrong in ["-1", "many", "[1, 2]", ".nan", ".inf"] {
        points(wrong, &[&format!("points: => points must be {form}")]);
    }
    points("\n  last: ten", &["  last: => points of last must be a number from 0 up"]);
    points(
        "\n  first: 2\n  lasst: 1",
        &["  lasst: => points for an unknown criterion \"lasst\"; did you mean \"last\"?"],
    );
    points("\n  speed: 1", &["  speed: => points for an unknown criterion \"speed\"; take it out"]);
    points("\n  7: 1", &["points: => a criterion's id below points is not a text; take it out"]);
}
