//! The id comment, which gives a sentence its id: `<!-- slots task=2 -->`, `<!-- linear-scan advice
//! -->`.

use super::markdown::Inline;
use crate::problem::Collector;
use std::collections::HashMap;

/// What an id comment says about the sentence before it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct IdComment {
    /// The sentence's id.
    pub(crate) id: String,
    /// The task that the sentence belongs to, from `task=N`.
    pub(crate) task: Option<u32>,
    /// Whether the comment has the word `advice`: no proof checks the sentence.
    pub(crate) advice: bool,
}

/// The id comment at the end of `inline`. `None` if there is no comment, or if the comment cannot
/// be parsed. A comment that cannot be parsed is reported.
pub(crate) fn of(inline: &Inline, problems: &mut Collector) -> Option<IdComment> {
    let (comment, before) = inline.comments.first()?;
    if inline.comments.len() > 1 {
        problems.at(inline.line, "more than one comment; keep the one that states the id");
    }
    if *before < inline.text.len() {
        problems.at(inline.line, format!("text follows the comment \"{comment}\"; put it last"));
    }
    parse(comment).map_err(|message| problems.at(inline.line, message)).ok()
}

fn parse(comment: &str) -> Result<IdComment, String> {
    let mut words = comment.split_whitespace();
    let id = words.next().unwrap_or_default().to_owned();
    if !is_id(&id) {
        return Err(format!(
            "\"{id}\" is not an id; write it in lower-case letters, digits and hyphens"
        ));
    }
    let mut parsed = IdComment { id, task: None, advice: false };
    for word in words {
        match word.strip_prefix("task=").map(str::parse) {
            Some(Ok(task)) => parsed.task = Some(task),
            None if word == "advice" => parsed.advice = true,
            _ => {
                return Err(format!("\"{word}\" has no meaning here; write task=N or advice"));
            }
        }
    }
    Ok(parsed)
}

/// Whether `id` consists of words of lower-case letters and digits, joined by hyphens.
pub(crate) fn is_id(id: &str) -> bool {
    let word = |word: &str| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    id.split('-').all(word)
}

/// Reports each id that an earlier line already has.
pub(crate) fn report_repeated<'a>(
    ids: impl Iterator<Item = (&'a str, usize)>,
    problems: &mut Collector,
) {
    let mut seen = HashMap::new();
    for (id, line) in ids {
        if let Some(first) = seen.insert(id, line) {
            problems.at(line, format!("id \"{id}\" is already on line {first}; choose another"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_states_id_and_task() {
        let expected = IdComment { id: "no-fd-leak".to_owned(), task: Some(3), advice: false };
        assert_eq!(parse("no-fd-leak task=3"), Ok(expected));
    }

    #[test]
    fn a_comment_marks_a_row_as_advice() {
        let expected = IdComment { id: "linear-scan".to_owned(), task: None, advice: true };
        assert_eq!(parse("linear-scan advice"), Ok(expected));
    }

    #[test]
    fn an_unknown_word_is_rejected() {
        for comment in ["slots tsk=2", "slots task=two", "slots task=-1", "slots task"] {
            assert!(parse(comment).is_err(), "{comment}");
        }
    }

    #[test]
    fn a_malformed_id_is_rejected() {
        for comment in ["", "Slots", "no--leak", "-slots", "slots-", "no_leak", "größe"] {
            assert!(parse(comment).is_err(), "{comment}");
        }
    }
}
