//! Finds the `todo!`s that are left in a student's files.

use crate::files::read;
use anyhow::{Context, Result};
use course::report::Todo;
use std::fs;
use std::path::{Path, PathBuf};

/// The `todo!`s in the Rust files below `folder`/src, in the order in which they are done: sorted by task,
/// then by file and line. `root` is the course's folder: the places name their files from there.
///
/// # Errors
/// A file or folder cannot be read.
pub fn in_crate(root: &Path, folder: &Path) -> Result<Vec<Todo>> {
    let mut files = Vec::new();
    collect_files(&root.join(folder).join("src"), &mut files)?;
    files.sort();
    let mut todos = Vec::new();
    for path in files {
        let file = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        todos.extend(in_source(&read(&path)?).into_iter().map(|(line, message)| Todo {
            task: task_in(&message),
            place: format!("{file}:{line}"),
        }));
    }
    // A `todo!` that names no task comes last.
    todos.sort_by_key(|todo| todo.task.unwrap_or(u32::MAX));
    Ok(todos)
}

fn collect_files(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let path = entry.with_context(|| format!("cannot read {}", folder.display()))?.path();
        if path.is_dir() {
            collect_files(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

/// The number in a message like `Task 2: accept the client`.
fn task_in(message: &str) -> Option<u32> {
    let digits = message.strip_prefix("Task ")?.chars().take_while(char::is_ascii_digit);
    digits.collect::<String>().parse().ok()
}

/// The line and the message of each `todo!` in a Rust source. Comments and strings have none.
pub fn in_source(source: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut rest = source;
    while let Some(character) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            comment_length(rest)
        } else if character == '"' {
            string_length(rest)
        } else if rest.starts_with("'\"'") {
            3
        } else if let Some(arguments) = rest.strip_prefix("todo!(") {
            let line = source[..source.len() - rest.len()].matches('\n').count() + 1;
            let message = arguments.trim_start().strip_prefix('"').unwrap_or_default();
            found.push((line, message.split('"').next().unwrap_or_default().to_owned()));
            "todo!(".len()
        } else {
            character.len_utf8()
        };
        rest = &rest[skipped..];
    }
    found
}

/// The length of the block comment that `text` begins with. Block comments can be nested.
fn comment_length(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        let rest = &text[at..];
        let change = if rest.starts_with("/*") {
            1
        } else if rest.starts_with("*/") {
            -1
        } else {
            0
        };
        depth += change;
        at += if change == 0 { rest.chars().next().map_or(1, char::len_utf8) } else { 2 };
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// The length of the string literal that `text` begins with.
fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            '"' if !is_escaped => return at + 1,
            '\\' => is_escaped = !is_escaped,
            _ => is_escaped = false,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_todo_has_its_line_and_its_task() {
        let source = "fn a() {\n    todo!(\"Task 12: log \\\"it\\\"\")\n}\nfn b() { todo!() }\n\
                      fn c() {\n todo!(\n  \"Task 3: close\")\n}\n";
        let found: Vec<_> =
            in_source(source).into_iter().map(|(line, text)| (line, task_in(&text))).collect();
        assert_eq!(found, [(2, Some(12)), (4, None), (6, Some(3))]);
    }

    #[test]
    fn comments_and_strings_have_no_todo() {
        let source = "// todo!(\"Task 1: a\")\n/* todo!(\"Task 1: b\") /* */ todo!() */\n\
                      let text = \"\\\" todo!() \";\nlet quote = '\"'; // todo!()\n";
        assert_eq!(in_source(source), []);
    }
}
