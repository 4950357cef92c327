//! How a program in another language is built and started: the keys of `submission.toml`, and examples
//! of this file.

use crate::places::from_here;
use crate::role;
use anyhow::{Context, Result, bail};
use course::lesson::Lesson;
use std::fs;
use std::path::Path;
use toml_edit::{DocumentMut, Item};

/// The name of the file.
pub(super) const FILE: &str = "submission.toml";

/// The keys that a grader reads. All but `build` and `run` are for special cases.
const KEYS: [&str; 5] = ["build", "run", "lesson", "port", "capacity"];

/// The commands of a program in another language.
pub(super) struct Commands {
    /// The command that builds the program. `None` if nothing has to be built.
    pub(super) build: Option<String>,
    /// The command that starts the program.
    pub(super) run: String,
}

/// Reads the file `path`.
///
/// # Errors
/// The file cannot be read, is not TOML, has an unknown key, or has a command that is not a text. The
/// error has a complete example.
pub(super) fn read(path: &Path, lesson: &Lesson, sources: &[String]) -> Result<Commands> {
    let place = || format!("cannot use {}", path.display());
    let text = fs::read_to_string(path).with_context(place)?;
    let table: DocumentMut = text.parse().with_context(place)?;
    if let Some((key, _)) = table.iter().find(|(key, _)| !KEYS.contains(key)) {
        bail!(
            "{}: there is no key {key}; the keys are {}, e.g.\n{}",
            path.display(),
            KEYS.join(", "),
            example(lesson, sources)
        );
    }
    let command = |key: &str| match table.get(key).map(Item::as_str) {
        Some(None) => bail!("{}: {key} is not a text in quotes", path.display()),
        value => Ok(value.flatten().map(str::to_owned)),
    };
    // Graders start this program if the file does not name another one.
    let run = command("run")?.unwrap_or_else(|| "./server".to_owned());
    Ok(Commands { build: command("build")?, run })
}

/// A complete `submission.toml` for a program of the lesson, indented. `sources` are the names of the files
/// in the lesson's folder that may be the program's.
pub(super) fn example(lesson: &Lesson, sources: &[String]) -> String {
    let noun = role::noun(lesson);
    let source = sources.iter().find_map(|source| commands_of(source, noun));
    let commands = source.unwrap_or_else(|| made_by(noun, "make".to_owned()));
    let line = |key: &str, command: &str| format!("  {key} = \"{command}\"");
    let build = commands.build.map(|command| line("build", &command));
    let lines: Vec<_> = build.into_iter().chain([line("run", &commands.run)]).collect();
    lines.join("\n")
}

/// Where the file is to be written, from the current folder.
pub(super) fn place(lesson: &Lesson) -> String {
    from_here(&lesson.folder().join(FILE).to_string_lossy())
}

/// The usual commands for a source in a language that is known here. `noun` is the name of the program.
fn commands_of(source: &str, noun: &str) -> Option<Commands> {
    let (stem, language) = source.rsplit_once('.')?;
    let interpreted = |program: &str| Commands { build: None, run: format!("{program} {source}") };
    Some(match language {
        "c" => made_by(noun, format!("cc -O2 -o {noun} {source}")),
        "cc" | "cpp" | "cxx" => made_by(noun, format!("c++ -O2 -o {noun} {source}")),
        "go" => made_by(noun, format!("go build -o {noun} {source}")),
        "rs" => made_by(noun, format!("rustc -O -o {noun} {source}")),
        "java" => Commands { build: Some(format!("javac {source}")), run: format!("java {stem}") },
        "py" => interpreted("python3"),
        "js" | "mjs" => interpreted("node"),
        "pl" => interpreted("perl"),
        "rb" => interpreted("ruby"),
        _ => return None,
    })
}

fn made_by(noun: &str, build: String) -> Commands {
    Commands { build: Some(build), run: format!("./{noun}") }
}
