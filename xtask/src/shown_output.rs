//! The blocks of a text that show the output of a command.
//!
//! The line `<!-- output: cargo xtask … -->` before a block names the command. The command is run
//! again. Its output is compared with the block, or replaces the block.

use crate::mistakes::NEVER_ALONE;
use anyhow::{Context, Result, bail};
use course::lesson::Output;
use std::env;
use std::path::Path;
use std::process::{Command, Stdio};

/// A block whose command prints another output now.
pub(crate) struct Stale<'a> {
    /// The block.
    pub(crate) block: &'a Output,
    /// What the command prints now.
    pub(crate) printed: String,
}

/// The blocks of the text at `path` that are out of date.
///
/// # Errors
/// A command is not `cargo xtask`, or fails.
pub(crate) fn stale<'a>(path: &Path, blocks: &'a [Output]) -> Result<Vec<Stale<'a>>> {
    let mut stale = Vec::new();
    for block in blocks {
        let place = || format!("{}:{}", path.display(), block.line);
        let run = || printed(&block.command).with_context(place);
        let mut printed = run()?;
        if !is_same(&printed, &block.text) {
            // A criterion may be inconclusive because the machine is too busy. Therefore run the
            // command again.
            printed = run()?;
        }
        if !is_same(&printed, &block.text) {
            stale.push(Stale { block, printed });
        }
    }
    Ok(stale)
}

impl Stale<'_> {
    /// The first line that the command prints and that the block does not have.
    pub(crate) fn first_line(&self) -> &str {
        let shown: Vec<_> = self.block.text.lines().map(masked).collect();
        let new = self.printed.lines().find(|line| !shown.contains(&masked(line)));
        new.unwrap_or_default().trim()
    }
}

/// `text`, in which each stale block is rewritten.
pub(crate) fn rewritten(text: &str, stale: &[Stale<'_>]) -> String {
    let mut text = text.to_owned();
    let mut stale: Vec<_> = stale.iter().collect();
    // Replace the last block first. Then the positions of the blocks before it stay valid.
    stale.sort_by_key(|stale| std::cmp::Reverse(stale.block.range.start));
    for Stale { block, printed } in stale {
        text.replace_range(block.range.clone(), printed);
    }
    text
}

/// The standard output of a `cargo xtask …` command, in 80 columns and without colour.
fn printed(command: &str) -> Result<String> {
    printed_in(Path::new("."), command)
}

/// As [`printed`], of a command that is run in `folder`.
///
/// # Errors
/// The command is not `cargo xtask`, or has failed.
pub(crate) fn printed_in(folder: &Path, command: &str) -> Result<String> {
    let words = shell_words::split(command).with_context(|| format!("cannot read `{command}`"))?;
    let [cargo, xtask, arguments @ ..] = words.as_slice() else { bail!("{}", not_ours(command)) };
    if (cargo.as_str(), xtask.as_str()) != ("cargo", "xtask") {
        bail!("{}", not_ours(command));
    }
    let program = env::current_exe().context("cannot find this program again")?;
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
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

fn not_ours(command: &str) -> String {
    format!("`{command}` is not a `cargo xtask …` command; only those can be shown")
}

/// Whether two outputs are equal, except for times, isolation, and what else a wrong server fails
/// beside its own criterion. These depend on the run and on the machine.
fn is_same(left: &str, right: &str) -> bool {
    let compared = |text| str::lines(text).take_while(|line| !line.starts_with(NEVER_ALONE));
    compared(left).map(masked).eq(compared(right).map(masked))
}

/// The words of a line. Times and isolation are masked, and so are the cells of a wrong server in
/// the table of the wrong servers, except the cell of its own criterion.
fn masked(line: &str) -> Vec<&str> {
    let mut words: Vec<_> = line.split_whitespace().collect();
    if let Some(own) = words.iter().position(|word| *word == OWN_CELL) {
        let is_cell = |word: &&str| ["✓", "✗", "–", "?", OWN_CELL].contains(word);
        let last = words.iter().rposition(is_cell).unwrap_or(own);
        words.truncate(last + 1); // the criterion's name follows if no other criterion fails
        let cells = words.iter_mut().skip(2).filter(|word| **word != OWN_CELL);
        cells.for_each(|cell| *cell = "#");
    }
    for index in 1..words.len() {
        match (words[index - 1], words[index]) {
            (number, "ms" | "s") if number.parse::<f64>().is_ok() => {
                words[index - 1] = "#";
                words[index] = "#";
            }
            ("not", "sandboxed") => words[index - 1] = "",
            _ => {}
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// The cell of the criterion that has to catch a wrong server.
const OWN_CELL: &str = "[✗]";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_wrong_servers_own_criterion_is_compared() {
        let row = "  ✓ naps   ✓  ✗ [✗] ✓";
        assert!(is_same(row, "  ✓ naps   ✓  – [✗] ✗"));
        assert!(is_same(row, "  ✓ naps   ✓  ✓ [✗] ✓   idle"));
        assert!(is_same(row, "  ✓ naps   ✓  ✓ [✗] ?"));
        assert!(!is_same(row, "  ✓ naps   ✓ [✗] ✗  ✓"));
        assert!(!is_same(row, "  ✗ naps   ✓  ✗ [✗] ✓"));
        assert!(is_same("all caught\n", "all caught\nno wrong server fails split alone\n"));
    }

    #[test]
    fn times_and_isolation_do_not_make_a_block_stale() {
        assert!(is_same("proved · 10 of 10 · 58 ms\n", "proved · 10 of 10 · 1061 ms\n"));
        assert!(is_same(
            "w03-l02  Accept  solution · sandboxed",
            "w03-l02  Accept  solution · not sandboxed"
        ));
        assert!(is_same("took 9998 ms", "took 10.2 s"));
        assert!(!is_same("proved · 10 of 10 · 58 ms", "proved · 9 of 10 · 58 ms"));
        assert!(!is_same("a\nb\n", "a\n"));
    }

    #[test]
    fn another_command_is_refused() {
        assert!(printed("rm -rf /").unwrap_err().to_string().contains("only those can be shown"));
        assert!(printed("cargo").is_err());
    }

    #[test]
    fn every_stale_block_is_rewritten() {
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
