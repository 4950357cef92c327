//! Grades a class in which the names of folders, archives and files are hostile, and reads every
//! file of results as the programs do that instructors use. Each student has exactly one place in
//! each file, and no name becomes a formula, a second row, an escape sequence, or a command of a
//! workflow.

#[path = "archives/mod.rs"]
mod archives;
mod files;
mod test_class;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use test_class::{Class, RIGHT};

/// The names of folders.
const NAMES: [&[u8]; 28] = [
    b"=1+1",
    b"+1",
    b"-rf",
    b"@SUM(A1)",
    b"ada;=1+1",
    b"ada|=1+1",
    b"\"=1+1",
    "＝1+1".as_bytes(),
    b"tab\t=1+1",
    b"a,\"b\",c",
    b"new\nline,w03-l02,15,15,proved",
    b"cr\rover",
    b"escape\x1b[2J\x1b[31m",
    "right\u{202e}left".as_bytes(),
    b"bytes\xff\xfe",
    b"<script>alert(1)<",
    b"]]>",
    b"<!--",
    b"&#x41;da",
    b"::error::x",
    b"##[group]x",
    b"[link](x)",
    b"```",
    b"# heading",
    b"ada",
    b"ada ",
    "ada\u{a0}".as_bytes(),
    "مرحبا".as_bytes(),
];

/// The names of files of one student.
const FILES: [&[u8]; 9] = [
    b"=1+1.txt",
    b"; =HYPERLINK(\"x\")",
    b"a,\"b.txt",
    b"new\nline.txt",
    b"escape\x1b[2J.txt",
    b"bytes\xff.txt",
    b"<b onclick=x>.md",
    b"::error::x",
    b"x ##[group]y",
];

#[test]
fn no_name_breaks_a_file_of_results() {
    let class = Class::new();
    let entry = |name: &[u8]| class.path("class").join(OsStr::from_bytes(name));
    for name in NAMES {
        fs::create_dir(entry(name)).unwrap();
        fs::write(entry(name).join("server.py"), RIGHT).unwrap();
    }
    // Two names that differ only after the end that is shown.
    for end in ["y", "z"] {
        class.hand_in(&("x".repeat(200) + end), RIGHT);
    }
    class.hand_in("files", RIGHT);
    for name in FILES {
        fs::write(class.path("class/files").join(OsStr::from_bytes(name)), "").unwrap();
    }
    class.hand_in("formula", RIGHT);
    fs::rename(entry(b"formula/server.py"), entry(b"formula/server (1).py")).unwrap();
    let archive = archives::zip(&[("../x.py", RIGHT), ("server.py", RIGHT)]);
    fs::write(entry(b"=outside.zip"), archive).unwrap();
    let students = NAMES.len() + 5;

    let checked = class.grade(&["--check-only"]);
    assert_eq!(checked.code, 1, "{}", checked.stderr);
    assert_harmless(&(checked.stdout + &checked.stderr));
    let graded = class.grade(&["--out", "grades"]);
    assert_eq!(graded.code, 0, "{}", graded.stderr);
    assert_harmless(&(graded.stdout + &graded.stderr));

    for name in ["grades.csv", "canvas.csv", "moodle.csv"] {
        let text = fs::read_to_string(class.path("grades").join(name)).unwrap();
        let heads = if name == "canvas.csv" { 2 } else { 1 };
        let rows = cells(&text, b',');
        assert_eq!(rows.len(), students + heads, "{name}");
        assert!(rows.iter().all(|row| row.len() == rows[0].len()), "{name}");
        let names: BTreeSet<_> = rows[heads..].iter().map(|row| row[0].trim()).collect();
        assert_eq!(names.len(), students, "{name}: {names:?}");
        for separator in [b',', b';', b'|', b'\t'] {
            let cells = cells(&text, separator).concat();
            let formula = cells.iter().find(|cell| is_formula(cell));
            assert_eq!(formula, None, "{name}, separated at {:?}", char::from(separator));
        }
    }
    let junit = fs::read_to_string(class.path("grades/junit.xml")).unwrap();
    assert_eq!(suites(&junit).len(), students, "{junit}");
    for folder in ["students", "feedback"] {
        let files = fs::read_dir(class.path("grades").join(folder)).unwrap();
        assert_eq!(files.count(), students, "{folder}");
    }
    for (path, bytes) in class.files("grades") {
        let text = String::from_utf8(bytes).unwrap();
        assert!(!text.contains(is_control), "{}", path.display());
        let is_page = path.extension().is_some_and(|ending| ending == "html");
        assert!(!is_page || !text.contains("<script>alert"), "{}", path.display());
    }
}

/// Asserts that no line of the grader's output controls the terminal, or is a command of a workflow
/// for the runner of GitHub Actions.
#[track_caller]
fn assert_harmless(output: &str) {
    for line in output.lines() {
        let is_command = line.trim_start().starts_with("::") || line.contains("##[");
        assert!(!is_command && !line.contains(is_control), "{line:?}");
    }
}

fn is_control(character: char) -> bool {
    (character.is_control() && character != '\n')
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
}

/// The cells of a table, as a spreadsheet reads them that is told this separator.
fn cells(text: &str, separator: u8) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new();
    reader.delimiter(separator).has_headers(false).flexible(true);
    let mut reader = reader.from_reader(text.as_bytes());
    reader.deserialize().map(Result::unwrap).collect()
}

/// Whether a spreadsheet evaluates the cell. A number is no formula.
fn is_formula(cell: &str) -> bool {
    let cell = cell.trim_start();
    cell.starts_with(['=', '+', '-', '@', '＝']) && cell.parse::<f64>().is_err()
}

/// The names of the suites of a JUnit document.
fn suites(junit: &str) -> BTreeSet<String> {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_str(junit);
    let mut names = BTreeSet::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) if tag.name().as_ref() == b"testsuite" => {
                let name = tag.try_get_attribute("name").unwrap().unwrap();
                names.insert(name.unescape_value().unwrap().into_owned());
            }
            Event::Eof => return names,
            _ => {}
        }
    }
}
