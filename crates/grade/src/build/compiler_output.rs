//! What a build printed, as a student and a page can read it.

use anstream::adapter::strip_str;

/// Characters that are kept of the beginning and of the end, each.
const KEPT: usize = 8 * 1024;

/// Why a lesson's crate could not be built. Its files are named as its author knows them.
pub(super) fn of_compiler(why: &str, output: &[u8], package: &str) -> String {
    join(why, &relative_to(&format!("lessons/{package}/"), &plain(output)))
}

/// Why a program's own command failed.
pub(super) fn of_command(why: &str, output: &[u8]) -> String {
    join(why, &plain(output))
}

/// `text` without this folder where a path begins with it.
fn relative_to(folder: &str, text: &str) -> String {
    let mut pieces = text.split(folder);
    let mut shown = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        if shown.ends_with(|last: char| last.is_alphanumeric() || "/._-".contains(last)) {
            shown.push_str(folder);
        }
        shown.push_str(piece);
    }
    shown
}

fn join(why: &str, words: &str) -> String {
    match words.trim() {
        "" => why.to_owned(),
        words => format!("{}\n{why}", bounded(words)),
    }
}

/// Without escape sequences, and without characters that do not show.
fn plain(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    let shown = |character: &char| matches!(character, '\n' | '\t') || !character.is_control();
    strip_str(&text).to_string().chars().filter(shown).collect()
}

/// The beginning and the end of a long text.
fn bounded(words: &str) -> String {
    let count = words.chars().count();
    if count <= 2 * KEPT {
        return words.to_owned();
    }
    let head: String = words.chars().take(KEPT).collect();
    let tail: String = words.chars().skip(count - KEPT).collect();
    format!("{head}\n… {} characters …\n{tail}", count - 2 * KEPT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_plain_and_name_the_files_as_their_author_does() {
        let output = b"\x1b[31merror\x1b[0m: x\n --> lessons/w03/src/a.rs:1:2\x07\xff\n";
        let words = of_compiler("the build ended with exit status 1", output, "w03");
        let expected = "error: x\n --> src/a.rs:1:2\u{fffd}\nthe build ended with exit status 1";
        assert_eq!(words, expected);
    }

    #[test]
    fn other_paths_stay_as_they_are() {
        let output = "`/work/a` `/me/lessons/w03/a` \"lessons/w03/b\"";
        let words = of_compiler("why", output.as_bytes(), "w03");
        assert_eq!(words, "`/work/a` `/me/lessons/w03/a` \"b\"\nwhy");
    }

    #[test]
    fn a_flood_is_cut_in_the_middle() {
        let words = of_command("why", "é".repeat(1 << 20).as_bytes());
        assert!(words.chars().count() < 2 * KEPT + 100);
        assert!(words.contains("characters …") && words.ends_with("\nwhy"));
    }
}
