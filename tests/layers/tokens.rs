//! Splits Rust source into tokens, without comments, strings and code that is compiled only for
//! tests.

/// A name, or a single character that is neither a letter nor white space; `::` is one token.
pub(crate) type Token = String;

/// The tokens of a source file that are compiled without `cfg(test)`.
pub(crate) fn without_tests(source: &str) -> Vec<Token> {
    let tokens = tokens(source);
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if starts_with(&tokens[at..], &["#", "[", "cfg", "(", "test", ")", "]"]) {
            at = end_of_item(&tokens, at + 7);
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

/// The names of the modules that are compiled only for tests: `#[cfg(test)] mod NAME;`.
pub(crate) fn test_modules(source: &str) -> Vec<String> {
    let tokens = tokens(source);
    let attribute = ["#", "[", "cfg", "(", "test", ")", "]", "mod"];
    let declared = tokens.windows(attribute.len() + 1);
    declared.filter(|found| starts_with(found, &attribute)).map(|found| found[8].clone()).collect()
}

/// The index after the item that begins at `at`. The item ends with a `;` or with a block.
fn end_of_item(tokens: &[Token], mut at: usize) -> usize {
    let mut depth = 0_usize;
    while let Some(token) = tokens.get(at) {
        at += 1;
        match token.as_str() {
            "{" | "(" | "[" => depth += 1,
            ")" | "]" => depth = depth.saturating_sub(1),
            "}" => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    break;
                }
            }
            ";" if depth == 0 => break,
            _ => {}
        }
    }
    at
}

fn starts_with(tokens: &[Token], start: &[&str]) -> bool {
    tokens.len() >= start.len() && tokens.iter().zip(start).all(|(token, word)| token == word)
}

fn tokens(source: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let ignored = ignored_length(rest);
        if ignored > 0 {
            rest = &rest[ignored..];
            continue;
        }
        let word = rest.find(|char: char| !is_word(char)).unwrap_or(rest.len());
        let length = match word {
            0 if rest.starts_with("::") => 2,
            0 => first.len_utf8(),
            word => word,
        };
        tokens.push(rest[..length].to_owned());
        rest = &rest[length..];
    }
    tokens
}

fn is_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

/// The length of the white space, comment, string or character literal at the beginning of `rest`;
/// 0 if `rest` begins with something else.
fn ignored_length(rest: &str) -> usize {
    let spaces = rest.len() - rest.trim_start().len();
    if spaces > 0 {
        spaces
    } else if rest.starts_with("//") {
        rest.find('\n').unwrap_or(rest.len())
    } else if rest.starts_with("/*") {
        block_comment(rest)
    } else if rest.starts_with('"') {
        string(rest)
    } else if let Some(length) = raw_string(rest) {
        length
    } else {
        character(rest)
    }
}

/// The length of a block comment. A block comment may contain other block comments.
fn block_comment(rest: &str) -> usize {
    let mut depth = 0;
    for (at, _) in rest.char_indices() {
        if rest[at..].starts_with("/*") {
            depth += 1;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            if depth == 0 {
                return at + 2;
            }
        }
    }
    rest.len()
}

fn string(rest: &str) -> usize {
    let mut escaped = false;
    for (at, char) in rest.char_indices().skip(1) {
        match char {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The length of a raw string such as `r"…"` or `r#"…"#`. A letter may precede the `r`, as in
/// `br"…"`.
fn raw_string(rest: &str) -> Option<usize> {
    let start = rest.strip_prefix(['b', 'c']).unwrap_or(rest).strip_prefix('r')?;
    let hashes = start.len() - start.trim_start_matches('#').len();
    let text = start[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = text.find(&end)? + end.len();
    Some(rest.len() - text.len() + length)
}

/// The length of a character literal such as `'a'` or `'\n'`; 0 for a lifetime.
fn character(rest: &str) -> usize {
    let Some(text) = rest.strip_prefix('\'') else { return 0 };
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some('\\'), Some(escaped)) => {
            let after = 1 + escaped.len_utf8();
            text[after..].find('\'').map_or(0, |end| 1 + after + end + 1)
        }
        (Some(char), Some('\'')) => 1 + char.len_utf8() + 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_strings_and_characters_are_ignored() {
        let source = r##"
            //! use crate::a;
            /* use /* crate::b */ crate::c */
            fn f<'a>() { g("crate::d \" use", '"', '\'', b'\\', r#"crate::"e"#); }
        "##;
        let expected = "fn f < ' a > ( ) { g ( , , , b , ) ; }";
        assert_eq!(without_tests(source).join(" "), expected);
    }

    #[test]
    fn items_of_tests_are_ignored() {
        let source = "use a::b;\n#[cfg(test)]\nmod tests { fn f() { {} } }\n\
                      #[cfg(test)]\nmod other;\n#[cfg(test)] use c::d;\nfn g() {}";
        assert_eq!(without_tests(source).join(" "), "use a :: b ; fn g ( ) { }");
        assert_eq!(test_modules(source), ["tests", "other"]);
    }
}
