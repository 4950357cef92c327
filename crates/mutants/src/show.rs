//! `--show`: the change of one mutant, and the report that a student with this server gets.

use crate::mutant::Mutant;
use crate::prove::Prover;
use anyhow::{Context, Result};
use std::env;
use std::process::Command;
use terminal::outcome::Outcome;
use terminal::show::{Line, Screen};
use terminal::{interrupt, paths};

/// The variable that has the path of the program `xtask`, which started this program.
const XTASK: &str = "XTASK";

/// Shows the mutant and its change, and proves it with `cargo xtask prove`.
///
/// # Errors
/// The mutant does not compile, or the command cannot run.
pub(crate) fn run(prover: &Prover<'_>, mutant: &Mutant) -> Result<Outcome> {
    let lesson = prover.check.lesson;
    let mut screen = Screen::stdout();
    let place = lesson.folder().join(&mutant.file);
    let (line, what) = (mutant.line, &mutant.change.what);
    screen.show(&Line::new().plain(&format!("{}:{line}: {what}", place.display())))?;
    screen.show_all(&changed_lines(&prover.solution[&mutant.file], mutant))?;
    screen.show(&Line::new())?;
    let program = prover.build_one(mutant)?;
    let root = paths::root();
    let name = program.strip_prefix(&root).unwrap_or(&program).to_string_lossy();
    let mut prove = match env::var_os(XTASK) {
        Some(xtask) => Command::new(xtask),
        None => {
            let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
            cargo.arg("xtask");
            cargo
        }
    };
    prove.args(["prove", &lesson.id, "--cmd", &shell_words::quote(&name)]).current_dir(&root);
    let child = prove.spawn().with_context(|| format!("cannot run {prove:?}"))?;
    let output = interrupt::wait(child).context("cannot wait for `cargo xtask prove`")?;
    Ok(match output.status.code() {
        Some(0) => Outcome::Success,
        Some(1) => Outcome::NotYet,
        _ => Outcome::Error,
    })
}

/// The lines that the change removes, and the lines that it adds.
fn changed_lines(text: &str, mutant: &Mutant) -> Vec<Line> {
    let range = &mutant.change.range;
    let start = text[..range.start].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[range.end..].find('\n').map_or(text.len(), |newline| range.end + newline);
    let after = [&text[start..range.start], &mutant.change.replacement, &text[range.end..end]];
    let after = after.concat();
    let removed = text[start..end].lines().map(|line| Line::new().bad(&format!("  - {line}")));
    let added = after.lines().filter(|line| !line.trim().is_empty());
    removed.chain(added.map(|line| Line::new().good(&format!("  + {line}")))).collect()
}
