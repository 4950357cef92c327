//! The comment that names a sentence: `<!-- slots task=2 -->`, `<!-- linear-scan advice -->`.

use super::markdown::Inline;
use crate::problem::Collector;

/// What a comment says of the sentence before it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) id: String,
    pub(crate) task: Option<u32>,
    pub(crate) advice: bool,
}

/// The mark at the end of `inline`; `None` where there is none, or a wrong one (a problem then).
pub(crate) fn of(inline: &Inline, problems: &mut Collector) -> Option<Mark> {
    let (comment, before) = inline.comments.first()?;
    if inline.comments.len() > 1 {
        problems.at(
            inline.line,
            "more than one comment; keep the one that is the id",
        );
    }
    if *before < inline.text.len() {
        problems.at(
            inline.line,
            format!("text follows the comment \"{comment}\"; put it last"),
        );
    }
    parse(comment)
        .map_err(|message| problems.at(inline.line, message))
        .ok()
}

fn parse(comment: &str) -> Result<Mark, String> {
    let mut words = comment.split_whitespace();
    let id = words.next().unwrap_or_default().to_owned();
    if !is_id(&id) {
        return Err(format!(
            "\"{id}\" is not an id; write it in small letters, digits and hyphens"
        ));
    }
    let mut mark = Mark {
        id,
        task: None,
        advice: false,
    };
    for word in words {
        match word.strip_prefix("task=").map(str::parse) {
            Some(Ok(task)) => mark.task = Some(task),
            None if word == "advice" => mark.advice = true,
            _ => {
                return Err(format!(
                    "\"{word}\" says nothing here; write task=N or advice"
                ));
            }
        }
    }
    Ok(mark)
}

/// Whether `id` is words of small letters and digits, joined by hyphens.
pub(crate) fn is_id(id: &str) -> bool {
    let word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    id.split('-').all(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_names_id_and_task() {
        let mark = Mark {
            id: "no-fd-leak".to_owned(),
            task: Some(3),
            advice: false,
        };
        assert_eq!(parse("no-fd-leak task=3"), Ok(mark));
    }

    #[test]
    fn a_mark_says_that_a_row_is_advice() {
        let mark = Mark {
            id: "linear-scan".to_owned(),
            task: None,
            advice: true,
        };
        assert_eq!(parse("linear-scan advice"), Ok(mark));
    }

    #[test]
    fn a_word_with_no_meaning_is_refused() {
        for comment in [
            "slots tsk=2",
            "slots task=two",
            "slots task=-1",
            "slots task",
        ] {
            assert!(parse(comment).is_err(), "{comment}");
        }
    }

    #[test]
    fn an_id_that_is_none_is_refused() {
        for comment in [
            "", "Slots", "no--leak", "-slots", "slots-", "no_leak", "größe",
        ] {
            assert!(parse(comment).is_err(), "{comment}");
        }
    }
}
