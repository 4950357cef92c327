//! The output of a failed build, made readable for students and for HTML pages.

use anstream::adapter::strip_str;

/// The number of characters that are kept at the beginning of a long output. The same number is
/// kept at its end.
const KEPT: usize = 8 * 1024;

/// The compiler's output for a lesson's crate, and the reason why the build failed. Paths are
/// relative to the crate.
pub(super) fn of_compiler(why: &str, output: &[u8], package: &str) -> String {
    join(why, &relative_to(&format!("lessons/{package}/"), &plain(output)))
}

/// The output of a program's own build command, and the reason why the build failed.
pub(super) fn of_command(why: &str, output: &[u8]) -> String {
    join(why, &plain(output))
}

/// `text`, in which paths that begin with `folder` are made relative to `folder`.
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

fn join(why: &str, output: &str) -> String {
    match output.trim() {
        "" => why.to_owned(),
        output => format!("{}\n{why}", cut(output)),
    }
}

/// The text without escape sequences and control characters.
fn plain(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    let shown = |character: &char| matches!(character, '\n' | '\t') || !character.is_control();
    strip_str(&text).to_string().chars().filter(shown).collect()
}

/// The text. Of a long text, only the beginning and the end.
fn cut(text: &str) -> String {
    let count = text.chars().count();
    if count <= 2 * KEPT {
        return text.to_owned();
    }
    let head: String = text.chars().take(KEPT).collect();
    let tail: String = text.chars().skip(count - KEPT).collect();
    format!("{head}\n… {} characters …\n{tail}", count - 2 * KEPT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_cleaned_and_its_paths_are_relative() {
        let output = b"\x1b[31merror\x1b[0m: x\n --> lessons/w03/src/a.rs:1:2\x07\xff\n";
        let shown = of_compiler("the build ended with exit status 1", output, "w03");
        let expected = "error: x\n --> src/a.rs:1:2\u{fffd}\nthe build ended with exit status 1";
        assert_eq!(shown, expected);
    }

    #[test]
    fn other_paths_stay_as_they_are() {
        let output = "`/work/a` `/me/lessons/w03/a` \"lessons/w03/b\"";
        let shown = of_compiler("why", output.as_bytes(), "w03");
        assert_eq!(shown, "`/work/a` `/me/lessons/w03/a` \"b\"\nwhy");
    }

    #[test]
    fn a_long_output_is_cut_in_the_middle() {
        let shown = of_command("why", "é".repeat(1 << 20).as_bytes());
        assert!(shown.chars().count() < 2 * KEPT + 100);
        assert!(shown.contains("characters …") && shown.ends_with("\nwhy"));
    }
}
