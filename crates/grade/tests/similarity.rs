//! Near copies: what must be found, and what must not be reported.

use grade::similarity::{Copies, Source, find};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const SELECT: &str = include_str!("../../../tests/servers/select_poll.py");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn source(student: &str, path: &str, text: &str) -> Source {
    Source {
        student: student.into(),
        lesson: "w03-l02".into(),
        path: path.into(),
        text: text.into(),
    }
}

/// The files of a folder, for one student.
fn files(student: &str, folder: &str) -> Vec<Source> {
    let mut sources = Vec::new();
    for entry in fs::read_dir(root().join(folder)).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.extension().is_some_and(|it| it == "rs") {
            sources.push(source(
                student,
                &format!("src/{name}"),
                &fs::read_to_string(path).unwrap(),
            ));
        }
    }
    sources
}

fn starter() -> BTreeMap<String, Vec<(String, String)>> {
    let files = files("", "lessons/w03-l02-poll-tracker/src");
    let files = files.into_iter().map(|file| (file.path, file.text)).collect();
    BTreeMap::from([("w03-l02".to_owned(), files)])
}

fn none() -> BTreeMap<String, Vec<(String, String)>> {
    BTreeMap::new()
}

/// The text with a comment above every line, other names, and other indentation.
fn disguised(text: &str, comment: &str, names: &[(&str, &str)]) -> String {
    let mut changed = text.to_owned();
    for (name, new) in names {
        assert!(changed.contains(name), "{name}");
        changed = changed.replace(name, new);
    }
    let lines = changed.lines().enumerate();
    lines.map(|(index, line)| format!("{comment} {index}\n{line}  {comment} x\n\n")).collect()
}

fn pair_of(copies: &Copies, a: &str, b: &str) -> bool {
    let names = |all: &[String], name: &str| all.iter().any(|it| it == name);
    copies.same.iter().any(|group| names(&group.students, a) && names(&group.students, b))
        || copies.pairs.iter().any(|pair| {
            names(&pair.first, a) && names(&pair.second, b)
                || names(&pair.first, b) && names(&pair.second, a)
        })
}

#[test]
fn names_comments_and_white_space_hide_no_copy() {
    let names = [("listener", "door"), ("clients", "people"), ("poller", "watch")];
    let names: Vec<_> = names.into_iter().filter(|(name, _)| SELECT.contains(name)).collect();
    assert!(!names.is_empty());
    let copy = disguised(SELECT, "#", &names);
    let copies =
        find(&[source("ann", "server.py", SELECT), source("bob", "main.py", &copy)], &none());
    assert_eq!(copies.same.len(), 1, "{copies:?}");
    assert_eq!(copies.same[0].students, ["ann", "bob"]);
    assert!(copies.pairs.is_empty());
}

#[test]
fn a_copy_with_some_changed_statements_is_a_pair_with_its_lines_side_by_side() {
    let c = "#include <stdio.h>\n".to_owned() + &(0..40).map(|n| {
        let op = ["+", "-", "*", "/", "%", "&", "|", "^"][n * 7 % 8];
        let other = ["<", ">", "+", "-", "*"][n * 3 % 5];
        format!("int f{n}(int a, int b) {{\n    if (a {other} b) return a {op} b;\n    return b[{n}] {other} a;\n}}\n")
    }).collect::<String>();
    let changed = c.replacen("return a + b;", "printf(\"%d\", a); return a + b + 1;", 3);
    let changed = disguised(&changed, "//", &[("int a", "int left"), ("(a ", "(left ")]);
    let copies =
        find(&[source("ann", "server.c", &c), source("bob", "server.c", &changed)], &none());
    assert!(copies.same.is_empty());
    assert_eq!(copies.pairs.len(), 1);
    let pair = &copies.pairs[0];
    assert!(pair.share > 0.7, "{}", pair.share);
    let block = &pair.blocks[0];
    assert!(block.first.lines[0].contains(['{', '}', 'i', 'r']), "{block:?}");
    assert_ne!(block.first.lines, block.second.lines, "the lines are the students' own");
}

/// A pseudo-random program in C. Programs of different seeds have little in common.
fn program(seed: u64) -> String {
    let mut state = seed;
    // splitmix64 (Steele, Lea and Flood, 2014): near seeds give unlike numbers.
    let mut next = |most: usize| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed >> 33) as usize % most
    };
    let mut statement = || {
        let operators = ["+", "-", "*", "/", "%", "&", "|", "^", "<", ">"];
        let [one, other, third] = [0; 3].map(|_| operators[next(operators.len())]);
        match next(6) {
            0 => format!("if (a {one} b) return c {other} d;"),
            1 => format!("while (f(a, b {one} c)) {{ a = a {other} 1; }}"),
            2 => format!("g(&a, b[2 {one} c], d {other} c);"),
            3 => format!("int x = a {one} (b {other} (c {third} d));"),
            4 => format!("for (int i = 0; i {one} n; i++) h(i {other} 1);"),
            _ => format!("switch (a {one} 1) {{ case 1: b = a {other} c; break; }}"),
        }
    };
    (0..80).map(|_| statement() + "\n").collect()
}

#[test]
fn one_pair_is_found_in_a_class_of_two_hundred() {
    let names: Vec<_> = (0..200).map(|number| format!("student-{number:03}")).collect();
    let mut sources: Vec<_> =
        (0..).zip(&names).map(|(seed, name)| source(name, "server.c", &program(seed))).collect();
    let copy = disguised(&program(17), "//", &[]).replacen("g(&a", "g(1, 2, &a", 2);
    sources[150].text = copy;
    let copies = find(&sources, &none());
    assert_eq!((copies.compared, copies.same.len()), (200, 0));
    let pairs: Vec<_> = copies.pairs.iter().map(|pair| (&pair.first[0], &pair.second[0])).collect();
    assert_eq!(pairs, [(&names[17], &names[150])]);
}

#[test]
fn the_starter_and_what_is_given_is_left_out() {
    let mut sources = files("ann", "lessons/w03-l02-poll-tracker/src");
    sources.extend(files("bob", "lessons/w03-l02-poll-tracker/src"));
    assert_eq!(find(&sources, &starter()), Copies::default());
    assert!(pair_of(&find(&sources, &none()), "ann", "bob"), "the check can fail");
}

#[test]
fn a_copied_crate_is_found_although_most_of_it_is_given() {
    let mut sources = files("ann", "lessons/w03-l02-poll-tracker/src");
    for solution in files("", "lessons/w03-l02-poll-tracker/solution") {
        sources.retain(|file| file.path != solution.path);
        sources.push(Source { student: "ann".into(), ..solution });
    }
    let copy = |file: &Source| Source {
        student: "bob".into(),
        text: disguised(&file.text, "//", &[]),
        ..file.clone()
    };
    let copied: Vec<_> = sources.iter().map(copy).collect();
    sources.extend(copied);
    assert!(pair_of(&find(&sources, &starter()), "ann", "bob"));
}

#[test]
fn servers_that_were_written_independently_are_no_pairs() {
    let mut sources = Vec::new();
    for entry in fs::read_dir(root().join("tests/servers")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if let (true, Ok(text)) = (path.is_file(), fs::read_to_string(&path)) {
            sources.push(source(&name, &name, &text));
        }
    }
    let copies = find(&sources, &none());
    let shown: Vec<_> =
        copies.pairs.iter().map(|pair| (&pair.first, &pair.second, pair.share)).collect();
    println!("{} compared: {shown:?}", copies.compared);
    assert!(copies.compared >= 3 && copies.pairs.is_empty() && copies.same.is_empty(), "{shown:?}");
}
