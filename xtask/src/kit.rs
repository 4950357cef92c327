//! `cargo xtask kit`: writes the repository that students get.
//!
//! The kit has only the files that are listed here: the source files of some packages, and some
//! other files. The source files are found by following `mod` declarations, as the compiler does.

mod lesson;
mod lesson_subset;
mod modules;
mod output_folder;
mod staff_markers;

use crate::{book, starter};
use anyhow::{Context, Result, anyhow, ensure};
use course::catalogue::Course;
use course::lesson::Lesson;
use lesson_subset::LessonSubset;
use output_folder::OutputFolder;
use programs::files::read;
use programs::own_files;
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};
use terminal::outcome::Outcome;
use terminal::paths;
use terminal::show::{Line, Screen, amount};
use toml_edit::DocumentMut;

/// The arguments of `kit`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The folder to write; the folder must be new or empty
    #[arg(value_name = "OUT")]
    pub(crate) out: PathBuf,
    /// Only these lessons, and the lessons that they build on
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub(crate) lesson: Vec<String>,
    /// Also write the lessons as a web book, into the kit's folder book
    #[arg(long)]
    pub(crate) book: bool,
}

const EXAMPLES: &str = "\
For teachers. The kit has the lessons' texts and starters, and the sources of `prove` and
`list`. It has no solutions, no wrong servers, no history, and no command that needs them.
Starters are derived from the solutions; work in src/ is not copied. Lines between the
comments `<staff>` and `</staff>`, each on a line of its own, are removed.
To publish the course week by week, name the lessons so far with --lesson.
--book compiles the book's renderer first, which takes minutes the first time.

Examples:
  cargo xtask kit ../sockproof-2026 --book
  cargo xtask kit ../sockproof-week-2 --lesson w01-l01,w02-l01
  cd ../sockproof-2026 && git init && cargo xtask list

Exit status: 0 written; 2 misuse, or a fault of the machine, and nothing was written.";

/// The packages that students build, in addition to the lessons.
const PACKAGES: &[&str] = &[
    "crates/course",
    "crates/launcher",
    "crates/programs",
    "crates/proofs",
    "crates/sandbox",
    "crates/sockhelpers",
    "crates/terminal",
    "crates/witness",
    COMMANDS,
];

/// The package of the commands. Its tests prove the example lesson.
const COMMANDS: &str = "xtask";

/// Files that are copied although the compiler does not read them.
const FILES: &[&str] = &[
    ".cargo/config.toml",
    ".gitignore",
    ".rustfmt.toml",
    ".vscode/tasks.json",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "crates/course/report.schema.json",
];

/// Programs that tests run. None of them is a working server.
const PROGRAMS: &[&str] = &[
    "common.h",
    "faulty/closes_stdout.py",
    "faulty/crashes_on_client.py",
    "faulty/daemon.py",
    "faulty/ignores_sigterm_and_spins.c",
    "faulty/dies_by_signal.sh",
    "faulty/exits_at_once.sh",
    "faulty/fakes_log.py",
    "faulty/later_task.py",
    "faulty/terminal_escapes.py",
    "faulty/million_lines.py",
    "faulty/never_listens.sh",
    "faulty/wrong_port.py",
];

/// The files of a kit. Each key is the file's path in the kit.
type Files = BTreeMap<PathBuf, File>;

/// A file of a kit.
struct File {
    bytes: Vec<u8>,
    is_executable: bool,
}

/// Writes the kit.
///
/// # Errors
/// The folder is not empty, or a file cannot be read or written.
pub(crate) fn run(args: &Args) -> Result<Outcome> {
    let out = OutputFolder::new(&args.out)?;
    let course = Course::open(paths::root())?;
    let subset = LessonSubset::of(&course, &args.lesson)?;
    let files = Kit::of(&course, &subset)?;
    out.write(&files, lock)?;
    let [lessons, files] =
        [(subset.lessons.len(), "lesson"), (files.len(), "file")].map(|(n, word)| amount(n, word));
    let mut lines =
        vec![Line::new().good("written").faint(" · ").plain(&lessons).faint(" · ").plain(&files)];
    let added = subset.added.iter().map(|(base, lesson)| {
        Line::new().plain(&format!("{base} is in the kit as well, because {lesson} builds on it"))
    });
    lines.extend(added);
    let place = args.out.to_string_lossy();
    let next =
        format!("students begin with: cd {} && cargo xtask list", shell_words::quote(&place));
    lines.push(Line::new().plain(&next));
    Screen::stdout().show_all(&lines)?;
    if args.book {
        let ids: Vec<_> = subset.lessons.iter().map(|lesson| lesson.id.as_str()).collect();
        return book::write(&args.out.join("book"), &ids);
    }
    Ok(Outcome::Success)
}

/// A kit that is being assembled.
struct Kit<'a> {
    root: &'a Path,
    subset: &'a LessonSubset<'a>,
    /// The starters, which replace the present content of their files.
    starters: BTreeMap<PathBuf, String>,
    files: Files,
}

impl<'a> Kit<'a> {
    /// The files of the kit with these lessons.
    fn of(course: &'a Course, subset: &'a LessonSubset<'a>) -> Result<Files> {
        let (starters, files) = (BTreeMap::new(), Files::new());
        let mut kit = Kit { root: course.root(), subset, starters, files };
        for name in FILES {
            kit.add(Path::new(name))?;
        }
        for name in PROGRAMS {
            kit.add(&Path::new("tests/servers").join(name))?;
        }
        for folder in PACKAGES {
            kit.package(Path::new(folder))?;
        }
        for lesson in &subset.lessons {
            kit.lesson(lesson)?;
        }
        Ok(kit.files)
    }

    fn lesson(&mut self, lesson: &Lesson) -> Result<()> {
        let starters = starter::starters(self.root, lesson)?;
        ensure!(
            !starters.is_empty(),
            "{}: no solution/ to derive a starter from; src/ may hold the answer",
            lesson.folder().display()
        );
        let paths: Vec<_> = starters.iter().map(|starter| starter.path.clone()).collect();
        self.starters.extend(starters.into_iter().map(|starter| (starter.path, starter.text)));
        self.package(lesson.folder())?;
        self.given_texts(lesson, &paths)?;
        let text = read(&self.root.join(&lesson.path))?;
        for picture in lesson::pictures(&text) {
            self.add(&lesson.folder().join(picture))?;
        }
        // The text is copied unchanged, because the output of a proof names its lines.
        self.add(&lesson.path)
    }

    /// Adds a copy of each file that the student edits. `cargo xtask reset` takes the copy when the
    /// student wants to begin again.
    fn given_texts(&mut self, lesson: &Lesson, paths: &[PathBuf]) -> Result<()> {
        for path in paths {
            let bytes = self.text(path)?.into_bytes();
            let name = path.file_name().unwrap_or_default();
            let copy = lesson.folder().join(own_files::GIVEN).join(name);
            self.files.insert(copy, File { bytes, is_executable: false });
        }
        Ok(())
    }

    /// Adds a package's manifest, and the package's files that the compiler reads.
    fn package(&mut self, folder: &Path) -> Result<()> {
        let path = folder.join("Cargo.toml");
        let text = self.text(&path)?;
        let manifest: DocumentMut = text.parse().with_context(|| path.display().to_string())?;
        self.add(&path)?;
        let usual = ["src/lib.rs", "src/main.rs"].map(|root| folder.join(root));
        let usual = usual.into_iter().filter(|root| self.root.join(root).is_file());
        for root in usual.chain(lesson::tests(&manifest, folder)) {
            self.module(&root, true)?;
        }
        Ok(())
    }

    /// Adds a module's file, and the files of its child modules.
    fn module(&mut self, path: &Path, is_root: bool) -> Result<()> {
        if self.files.contains_key(path) {
            return Ok(());
        }
        self.add(path)?;
        let text = self.text(path)?;
        let modules = modules::of(self.root, path, &text, is_root)?;
        modules.iter().try_for_each(|module| self.module(module, false))
    }

    fn add(&mut self, path: &Path) -> Result<()> {
        let place = self.root.join(path);
        let found =
            fs::metadata(&place).with_context(|| format!("cannot read {}", place.display()))?;
        let is_executable = found.permissions().mode() & 0o111 != 0;
        let ending = path.extension().or(path.file_name()).and_then(|ending| ending.to_str());
        let bytes = match ending {
            Some("rs" | "toml" | "md" | ".gitignore") => self.text(path)?.into_bytes(),
            _ => fs::read(&place).with_context(|| format!("cannot read {}", place.display()))?,
        };
        self.files.insert(path.to_owned(), File { bytes, is_executable });
        Ok(())
    }

    /// A file's text as students get it.
    fn text(&self, path: &Path) -> Result<String> {
        let text = match self.starters.get(path) {
            Some(starter) => starter.clone(),
            None => read(&self.root.join(path))?,
        };
        let text = staff_markers::without(&text)
            .map_err(|found| anyhow!("{}:{}: {}", path.display(), found.line, found.problem))?;
        Ok(match path.file_name().and_then(|name| name.to_str()) {
            Some("README.md") => self.subset.readme(&without_output_comments(&text)),
            Some("Cargo.toml") if path.starts_with(COMMANDS) && !self.subset.is_tested() => {
                lesson_subset::untested(&text)?
            }
            Some("Cargo.toml") => lesson::manifest(&text),
            Some(name) if name.ends_with(".rs") => lesson::code(&text),
            _ => text,
        })
    }
}

/// Removes the packages that the kit does not need from the kit's lock file. Then `--locked` works.
fn lock(kit: &Path) -> Result<()> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["update", "--workspace", "--offline", "--quiet"]).current_dir(kit);
    let output = cargo.stdin(Stdio::null()).output().context("cannot run cargo")?;
    ensure!(
        output.status.success(),
        "cargo cannot read the kit:\n{}",
        String::from_utf8_lossy(&output.stderr).trim_end()
    );
    Ok(())
}

/// A text without the comments that name the command of a shown output.
fn without_output_comments(text: &str) -> String {
    text.split_inclusive('\n').filter(|line| !line.starts_with("<!-- output:")).collect()
}
