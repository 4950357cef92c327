//! `cargo xtask new-lesson`: writes a small lesson that works, for an author to change.

mod registration;

use crate::starter;
use anyhow::{Context, Result, bail, ensure};
use course::catalogue::{Course, parts_of_folder};
use std::fs;
use std::path::{Path, PathBuf};
use terminal::outcome::Outcome;
use terminal::output::replace;
use terminal::paths;
use terminal::show::{Line, Screen};

/// The arguments of `new-lesson`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The lesson's folder: week, lesson and a name, e.g. w05-l01-timers
    #[arg(value_name = "FOLDER")]
    folder: String,
    /// The title; without TITLE, it is made from the folder's name
    #[arg(long, value_name = "TITLE")]
    title: Option<String>,
    /// The lesson's default port
    #[arg(long, value_name = "N", default_value_t = 3491)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
}

const EXAMPLES: &str = "\
The lesson has one task: its server sends a line to each client. Text, solution, starter,
proof and two wrong servers are there, and agree. lessons/README.md says how to go on.

Examples:
  cargo xtask new-lesson w05-l01-timers
  cargo xtask new-lesson w05-l01-timers --title 'Timers' --port 3500

Exit status: 0 written; 2 misuse, or a file exists.";

/// The files of the lesson, with the place of each below the lesson's folder.
const FILES: [(&str, &str); 8] = [
    ("Cargo.toml", include_str!("new_lesson/template/Cargo.toml.txt")),
    ("lesson.md", include_str!("new_lesson/template/lesson.md")),
    ("src/main.rs", include_str!("new_lesson/template/src/main.rs")),
    ("src/log.rs", include_str!("new_lesson/template/src/log.rs")),
    ("solution/server.rs", include_str!("new_lesson/template/solution/server.rs")),
    ("mistakes/README.md", include_str!("new_lesson/template/mistakes/README.md")),
    ("mistakes/no-newline.patch", include_str!("new_lesson/template/mistakes/no-newline.patch")),
    ("mistakes/start-line.patch", include_str!("new_lesson/template/mistakes/start-line.patch")),
];

/// The lesson's proof, a file of the crate `proofs`.
const PROOF: &str = include_str!("new_lesson/template/proof.rs");

/// Writes the lesson and its proof, and registers the proof.
///
/// # Errors
/// The folder's name has another form, the course has this lesson, or a file cannot be written.
pub(crate) fn run(args: &Args) -> Result<Outcome> {
    let Some((id, name)) = parts_of_folder(&args.folder) else {
        bail!(
            "\"{}\" is no name for a lesson's folder; write week, lesson and a name, as in \
             w05-l01-timers",
            args.folder
        );
    };
    let root = paths::root();
    let course = Course::open(&root)?;
    if let Ok(lesson) = course.lesson(id) {
        bail!("{id} is in this course: {}; choose another number", lesson.folder().display());
    }
    let folder = Path::new("lessons").join(&args.folder);
    ensure!(!root.join(&folder).exists(), "{} exists; remove or rename it", folder.display());

    let title = args.title.clone().unwrap_or_else(|| title_of(name));
    let order = id[5..].trim_start_matches('0');
    let port = args.port.to_string();
    let values = [("folder", args.folder.as_str()), ("id", id), ("title", &title)];
    let values = [&values[..], &[("order", order), ("port", &port)]].concat();
    let mut files: Vec<_> =
        FILES.iter().map(|(path, text)| (folder.join(path), filled_in(text, &values))).collect();
    files.extend(registration::files(&root, id, &filled_in(PROOF, &values))?);
    write(&root, &files)?;
    let starter = starter::Args { lessons: vec![id.to_owned()], check: false, force: false };
    starter::run(&starter)?;
    Screen::stdout().show_all(&next_steps(id))?;
    Ok(Outcome::Success)
}

/// A title for a folder's name: `slow-readers` becomes `Slow Readers`.
fn title_of(name: &str) -> String {
    let words = name.split('-').map(|word| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    });
    words.collect::<Vec<_>>().join(" ")
}

/// A template with its values: `{{id}}` becomes the value of `id`.
fn filled_in(template: &str, values: &[(&str, &str)]) -> String {
    let mut text = template.to_owned();
    for (name, value) in values {
        text = text.replace(&format!("{{{{{name}}}}}"), value);
    }
    text
}

fn write(root: &Path, files: &[(PathBuf, String)]) -> Result<()> {
    let mut screen = Screen::stdout();
    for (path, text) in files {
        let file = root.join(path);
        let folder = file.parent().unwrap_or(root);
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        replace(&file, text.as_bytes())?;
        screen.show(&Line::new().plain(&format!("wrote {}", path.display())))?;
    }
    Ok(())
}

/// What comes next, in order.
fn next_steps(id: &str) -> Vec<Line> {
    let steps = [
        format!("cargo xtask prove {id} --solution"),
        "your own text, solution and criteria, and the common criteria (lessons/README.md, steps 1 to 7)"
            .to_owned(),
        "a row in README.md, and the lists of the tests (lessons/README.md, step 8)".to_owned(),
        format!("cargo xtask check {id} --write    fills in the shown outputs"),
    ];
    steps.iter().map(|step| Line::new().plain(&format!("next: {step}"))).collect()
}
