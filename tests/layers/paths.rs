//! Finds the paths to other modules in the tokens of a source file.

use crate::tokens::Token;

/// A path such as `crate::a::B`, and the name that a `use` declaration gives to the imported item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ImportPath {
    /// The segments, e.g. `["crate", "a", "B"]`.
    pub(crate) segments: Vec<String>,
    /// The last segment or the name after `as`; `None` for a path that is not in a `use`.
    pub(crate) name: Option<String>,
}

/// All paths with two or more segments, in `use` declarations and in other code.
pub(crate) fn all(tokens: &[Token]) -> Vec<ImportPath> {
    let mut paths = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let is_use = tokens[at] == "use";
        let start = if is_use { at + 1 } else { at };
        let mut found = Vec::new();
        let end = tree(tokens, start, &[], is_use, &mut found);
        paths.extend(found.into_iter().filter(|path| path.segments.len() > 1));
        at = end.max(at + 1);
    }
    paths
}

/// Reads a use tree such as `a::{b, c::d as e}` that begins at the index `at`. The segments of
/// `prefix` precede the segments of the tree. Returns the index after the tree.
fn tree(
    tokens: &[Token],
    mut at: usize,
    prefix: &[String],
    is_use: bool,
    paths: &mut Vec<ImportPath>,
) -> usize {
    let mut segments = prefix.to_vec();
    loop {
        match tokens.get(at).map(String::as_str) {
            Some("{") if is_use => return group(tokens, at + 1, &segments, paths),
            Some(word) if is_name(word) => segments.push(word.to_owned()),
            Some("*") if is_use => {}
            _ => break,
        }
        at += 1;
        if tokens.get(at).is_none_or(|token| token != "::") {
            break;
        }
        at += 1;
    }
    // `a::{self}` imports `a`.
    if segments.len() > 1 && segments.last().is_some_and(|last| last == "self") {
        segments.pop();
    }
    let mut name = segments.last().cloned();
    if is_use && tokens.get(at).is_some_and(|token| token == "as") {
        name = tokens.get(at + 1).cloned();
        at += 2;
    }
    paths.push(ImportPath { segments, name: name.filter(|_| is_use) });
    at
}

/// Reads the use trees between braces. `at` is the index after the opening brace. Returns the index
/// after the closing brace.
fn group(tokens: &[Token], mut at: usize, prefix: &[String], paths: &mut Vec<ImportPath>) -> usize {
    while let Some(token) = tokens.get(at) {
        at = match token.as_str() {
            "}" => return at + 1,
            "," => at + 1,
            _ => tree(tokens, at, prefix, true, paths).max(at + 1),
        };
    }
    at
}

fn is_name(token: &str) -> bool {
    token.starts_with(|char: char| char.is_alphabetic() || char == '_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokens::without_tests;

    #[track_caller]
    fn assert_paths(source: &str, expected: &[(&str, Option<&str>)]) {
        let paths: Vec<_> = all(&without_tests(source))
            .iter()
            .map(|path| (path.segments.join("::"), path.name.clone()))
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(path, name)| ((*path).to_owned(), name.map(str::to_owned)))
            .collect();
        assert_eq!(paths, expected);
    }

    #[test]
    fn the_tree_of_a_use_has_a_path_for_each_leaf() {
        assert_paths(
            "pub(crate) use crate::a::{self, B, c::{D as E, f::*}};",
            &[
                ("crate::a", Some("a")),
                ("crate::a::B", Some("B")),
                ("crate::a::c::D", Some("E")),
                ("crate::a::c::f", Some("f")),
            ],
        );
    }

    #[test]
    fn a_path_in_an_expression_imports_no_name() {
        assert_paths(
            "fn f(a: &crate::a::B) { super::g::<u8>(child::h()); local(); }",
            &[("crate::a::B", None), ("super::g", None), ("child::h", None)],
        );
    }
}
