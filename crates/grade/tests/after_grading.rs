//! The files that a teacher opens after grading, from the submissions of a class to the files.

mod files;
mod test_class;

use std::fs;
use test_class::{Class, RIGHT, wrong};

/// The same server with a comment above each line.
fn commented(server: &str) -> String {
    server.lines().map(|line| format!("# a comment\n{line}\n")).collect()
}

#[test]
fn copies_are_found_in_merged_shards_and_all_files_are_written() {
    let class = Class::new();
    class.hand_in("ann", RIGHT);
    class.hand_in("bob", &commented(RIGHT));
    class.hand_in("cleo", &wrong());
    assert_eq!(class.grade(&["--out", "whole"]).code, 0);
    for part in ["1", "2"] {
        let shard = class.grade(&["--out", part, "--shard", &format!("{part}/2")]);
        assert_eq!(shard.code, 0, "{}", shard.stderr);
    }
    assert_eq!(class.merge(&["1", "2", "--out", "merged"]).code, 0);
    for out in ["whole", "merged"] {
        let page = fs::read_to_string(class.path(out).join("copies.html")).unwrap();
        let same = page.split("The same program").nth(1).unwrap().split("</ul>").next().unwrap();
        let students =
            ["ann", "bob", "cleo"].map(|name| same.contains(&format!("students/{name}")));
        assert_eq!(students, [true, true, false], "{same}");
        for name in ["canvas.csv", "moodle.csv", "criteria.csv", "feedback/cleo.md"] {
            assert!(class.path(out).join(name).is_file(), "{out}: {name}");
        }
        let feedback = fs::read_to_string(class.path(out).join("feedback/cleo.md")).unwrap();
        let next = feedback.split("### Next step").nth(1).unwrap();
        assert!(next.contains("Run `cargo xtask prove w03-l02 --only "), "{feedback}");
        assert!(next.contains("--cmd 'python3 server.py'"), "{feedback}");
    }
    // The feedback of a student who is gone is removed, and so are the copies of the student's code.
    fs::remove_dir_all(class.path("class/bob")).unwrap();
    assert_eq!(class.grade(&["--out", "whole"]).code, 0);
    assert!(!class.path("whole/feedback/bob.md").exists());
    let page = fs::read_to_string(class.path("whole/copies.html")).unwrap();
    assert!(!page.contains("bob") && !page.contains("The same program"), "{page}");
}

#[test]
fn a_file_that_is_not_the_graders_is_not_replaced() {
    let class = Class::new();
    class.hand_in("ann", RIGHT);
    fs::create_dir(class.path("mine")).unwrap();
    fs::write(class.path("mine/canvas.csv"), "precious").unwrap();
    let refused = class.grade(&["--out", "mine"]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("canvas.csv exists and is not from the grader"));
    assert_eq!(fs::read_to_string(class.path("mine/canvas.csv")).unwrap(), "precious");
}
