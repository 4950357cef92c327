//! The blocks of a text that show what a command prints.
//!
//! `<!-- output: cargo xtask … -->` stands before each; the command runs again, and what it
//! prints is compared with what stands there, or put in its place.

use anyhow::{Context, Result, bail};
use course::lesson::Output;
use std::env;
use std::path::Path;
use std::process::{Command, Stdio};

/// A block that shows something else than its command prints.
pub(crate) struct Stale<'a> {
    /// The block.
    pub(crate) block: &'a Output,
    /// What its command prints now.
    pub(crate) printed: String,
}

/// Those of `blocks`, which stand in the text at `path`, that are out of date.
///
/// # Errors
/// A command that is none of ours, or that cannot run.
pub(crate) fn stale<'a>(path: &Path, blocks: &'a [Output]) -> Result<Vec<Stale<'a>>> {
    let mut stale = Vec::new();
    for block in blocks {
        let place = || format!("{}:{}", path.display(), block.line);
        let ask = || printed(&block.command).with_context(place);
        let mut printed = ask()?;
        if !alike(&printed, &block.text) {
            // A machine that was too busy to see a criterion may see it now.
            printed = ask()?;
        }
        if !alike(&printed, &block.text) {
            stale.push(Stale { block, printed });
        }
    }
    Ok(stale)
}

impl Stale<'_> {
    /// The first line that the command prints and that does not stand there.
    pub(crate) fn first_line(&self) -> &str {
        let shown: Vec<_> = self.block.text.lines().map(steady).collect();
        let new = self.printed.lines().find(|line| !shown.contains(&steady(line)));
        new.unwrap_or_default().trim()
    }
}

/// `text` with each stale block rewritten.
pub(crate) fn rewritten(text: &str, stale: &[Stale<'_>]) -> String {
    let mut text = text.to_owned();
    let mut stale: Vec<_> = stale.iter().collect();
    // From the end, so that the places before stay where they are.
    stale.sort_by_key(|stale| std::cmp::Reverse(stale.block.range.start));
    for Stale { block, printed } in stale {
        text.replace_range(block.range.clone(), printed);
    }
    text
}

/// What a `cargo xtask …` command prints on standard output: in 80 columns, without colour.
fn printed(command: &str) -> Result<String> {
    let words = shell_words::split(command).with_context(|| format!("cannot read `{command}`"))?;
    let [cargo, xtask, arguments @ ..] = words.as_slice() else { bail!("{}", foreign(command)) };
    if (cargo.as_str(), xtask.as_str()) != ("cargo", "xtask") {
        bail!("{}", foreign(command));
    }
    let program = env::current_exe().context("cannot find this program again")?;
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .output()
        .with_context(|| format!("cannot run `{command}`"))?;
    if output.status.code().is_none_or(|code| code > 1) {
        bail!(
            "`{command}` ended with {}: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    let lines = String::from_utf8_lossy(&output.stdout);
    Ok(lines.lines().map(|line| line.trim_end().to_owned() + "\n").collect())
}

fn foreign(command: &str) -> String {
    format!("`{command}` is no `cargo xtask …` command; only those can be shown")
}

/// Whether two outputs differ at most in what differs from one run and machine to the next:
/// how long it took, and whether servers run in a box.
fn alike(left: &str, right: &str) -> bool {
    left.lines().map(steady).eq(right.lines().map(steady))
}

/// A line's words with times and tiers masked.
fn steady(line: &str) -> Vec<&str> {
    let mut words: Vec<_> = line.split_whitespace().collect();
    for index in 1..words.len() {
        match (words[index - 1], words[index]) {
            (number, "ms" | "s") if number.parse::<f64>().is_ok() => {
                words[index - 1] = "#";
                words[index] = "#";
            }
            ("·", "strong" | "uid-drop" | "landlock" | "plain") => words[index] = "#",
            _ => {}
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_tiers_do_not_make_a_block_stale() {
        assert!(alike("proved · 10 of 10 · 58 ms\n", "proved · 10 of 10 · 1061 ms\n"));
        assert!(alike("w03-l02  Accept  solution · strong", "w03-l02  Accept  solution · plain"));
        assert!(alike("took 9998 ms", "took 10.2 s"));
        assert!(!alike("proved · 10 of 10 · 58 ms", "proved · 9 of 10 · 58 ms"));
        assert!(!alike("a\nb\n", "a\n"));
    }

    #[test]
    fn a_foreign_command_is_refused() {
        assert!(printed("rm -rf /").unwrap_err().to_string().contains("only those can be shown"));
        assert!(printed("cargo").is_err());
    }

    #[test]
    fn blocks_are_rewritten_from_the_end() {
        let block = |start, end| Output {
            command: String::new(),
            text: String::new(),
            range: start..end,
            line: 1,
        };
        let (first, second) = (block(1, 2), block(3, 4));
        let stale = [&first, &second].map(|block| Stale { block, printed: "long".into() });
        assert_eq!(rewritten("-a-b-", &stale), "-long-long-");
    }
}
