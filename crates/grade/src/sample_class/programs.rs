//! Samples in C and Python: the servers below `tests/servers/`.

use super::crates::plain;
use super::expected::Expected;
use super::{Files, Sample};
use crate::intake::File;
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Component, Path, PathBuf};
use terminal::paths;

/// The file that says how a program is built and run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recipe {
    /// A Makefile, which makes `server`.
    Make,
    /// `build.sh`, which makes `server`.
    Script,
    /// `submission.toml`, with a Makefile.
    Toml,
}

/// A lesson, a server of the lesson's tests, and the expected failure: the criterion that fails,
/// and the mistake that is the cause. The failure is `None` if the server is proved.
type Server = (&'static str, &'static str, Option<(&'static str, &'static str)>);

const SERVERS: &[Server] = &[
    ("w01-l01", "echo/plain.c", None),
    ("w01-l01", "echo/big_buffer.c", None),
    ("w01-l01", "echo/small_pieces.c", None),
    ("w01-l01", "echo/plain.py", None),
    ("w01-l01", "echo/accept_queue.py", None),
    ("w01-l01", "echo/faulty/waits_for_eof.py", Some(("echo", "waits-for-more"))),
    ("w01-l01", "echo/faulty/next_port.py", Some(("port-taken", "port-ignored"))),
    ("w01-l01", "echo/faulty/ignores_sigterm.py", Some(("ends", ""))),
    ("w01-l02", "client/poll_stdio.c", None),
    ("w01-l02", "client/shutdown.py", None),
    ("w01-l02", "client/faulty/one_recv.c", Some(("whole-reply", "one-recv"))),
    ("w01-l02", "client/faulty/last_address.py", Some(("next-address", ""))),
    ("w02-l01", "fork/ignores_sigchld.c", None),
    ("w02-l01", "fork/reaps_in_handler.c", None),
    ("w02-l01", "fork/reaps_in_loop.c", None),
    ("w02-l01", "fork/plain.py", None),
    ("w02-l01", "fork/forking_mixin.py", None),
    ("w02-l01", "fork/faulty/prefork.c", Some(("descriptors", ""))),
    ("w02-l01", "fork/faulty/thread_per_client.c", Some(("own-child", ""))),
    ("w02-l02", "reap/in_handler.c", None),
    ("w02-l02", "reap/signalfd.c", None),
    ("w02-l02", "reap/faulty/siginfo_only.c", Some(("burst", "reaps-one"))),
    ("w02-l02", "reap/faulty/exit_status_only.c", Some(("killed", "signal-as-status"))),
    ("w03-l02", "linear_scan.c", None),
    ("w03-l02", "free_list.c", None),
    ("w03-l02", "self_pipe.c", None),
    ("w03-l02", "ppoll.c", None),
    ("w03-l02", "ipv6.c", None),
    ("w03-l02", "select_poll.py", None),
    ("w03-l02", "periodic_wakeups.py", None),
    ("w03-l02", "partial_lines.py", None),
    ("w03-l02", "faulty/thread_per_client.c", Some(("one-thread", "thread-per-client"))),
    ("w03-l02", "faulty/fork_per_client.py", Some(("one-thread", ""))),
    ("w03-l02", "faulty/crashes_on_client.py", Some(("slots", ""))),
    ("w03-l02", "faulty/wrong_port.py", Some(("starts", ""))),
    ("w03-l02", "faulty/closes_stdout.py", Some(("slots", ""))),
    ("w03-l03", "chat/plain.c", None),
    ("w03-l03", "chat/poll_room.py", None),
    ("w03-l03", "chat/faulty/first_attempt.c", Some(("join-leave", "nul-sent"))),
    ("w04-l01", "epoll/level.c", None),
    ("w04-l01", "epoll/edge.c", None),
    ("w04-l01", "epoll/oneshot.c", None),
    ("w04-l01", "epoll/select_epoll.py", None),
    ("w04-l02", "chat/epoll_level.c", None),
    ("w04-l02", "chat/epoll_room.py", None),
    ("w04-l02", "chat/plain.c", Some(("epoll", "poll-instead"))),
    ("w09-l01", "kv/store.c", None),
    ("w09-l01", "kv/store.py", None),
];

/// The samples for these lessons.
///
/// # Errors
/// A file cannot be read.
pub fn samples(lessons: &[String]) -> Result<Vec<Sample>> {
    let wanted = SERVERS.iter().filter(|(lesson, ..)| lessons.iter().any(|id| id == lesson));
    let recipes = [Recipe::Make, Recipe::Script, Recipe::Toml].into_iter().cycle();
    wanted.zip(recipes).map(|(server, recipe)| sample(server, recipe)).collect()
}

fn sample((lesson, source, fails): &Server, recipe: Recipe) -> Result<Sample> {
    let source = Path::new("servers").join(source);
    let mut files = with_includes(&source)?;
    let name = source.file_name().unwrap_or_default().to_string_lossy().into_owned();
    match source.extension().and_then(|extension| extension.to_str()) {
        Some("py") => add_python(&mut files, lesson, &source, ""),
        _ => add_c(&mut files, lesson, &source, recipe, ""),
    }
    let expected = fails.map_or_else(Expected::proved, |(id, row)| Expected::fails(id, row));
    Ok(Sample { name, lesson: (*lesson).to_owned(), files, is_crate: false, expected })
}

/// Adds the files that say how a C program is built. `flags` are additional flags for the compiler.
pub(super) fn add_c(files: &mut Files, lesson: &str, source: &Path, recipe: Recipe, flags: &str) {
    let source = source.display();
    let cc = format!("cc -std=c17 -O1 -pthread{flags} -o server {source}");
    let makefile = format!("server: {source}\n\t{cc}\n");
    let (name, text) = match recipe {
        Recipe::Make => ("Makefile", makefile),
        Recipe::Script => ("build.sh", format!("set -e\n{cc}\n")),
        Recipe::Toml => {
            files.insert("Makefile".into(), plain(&makefile));
            let line = format!("lesson = \"{lesson}\"\nbuild = \"make\"\nrun = \"./server\"\n");
            ("submission.toml", line)
        }
    };
    files.insert(name.into(), plain(&text));
}

/// Adds the file that says how a Python program is run. `settings` is the beginning of the command.
pub(super) fn add_python(files: &mut Files, lesson: &str, source: &Path, settings: &str) {
    let run = format!("{settings}python3 {}", source.display());
    let text = format!("lesson = \"{lesson}\"\nrun = \"{run}\"\n");
    files.insert("submission.toml".into(), plain(&text));
}

/// A source below `tests/` and all files that it includes, by path in `tests/`.
pub(super) fn with_includes(source: &Path) -> Result<Files> {
    let mut files = Files::new();
    let tests = paths::root().join("tests");
    let mut open = vec![source.to_owned()];
    while let Some(path) = open.pop() {
        if files.contains_key(&path) {
            continue;
        }
        let file = read(&tests.join(&path))?;
        let text = String::from_utf8_lossy(&file.bytes);
        let folder = path.parent().unwrap_or(Path::new(""));
        let named = text.lines().filter_map(included).map(|name| without_dots(&folder.join(name)));
        // A Python module that is not beside the source is one of Python's own.
        let exists = |path: &PathBuf| {
            path.extension().is_none_or(|it| it != "py") || tests.join(path).is_file()
        };
        open.extend(named.filter(exists));
        ensure!(files.len() < 100, "{} includes without end", source.display());
        files.insert(path, file);
    }
    Ok(files)
}

/// The file that a line of a source in C includes, or that a line of a source in Python imports.
fn included(line: &str) -> Option<String> {
    let line = line.trim();
    if let Some(rest) = line.strip_prefix("#include \"") {
        return rest.strip_suffix('"').map(str::to_owned);
    }
    let rest = line.strip_prefix("import ").or_else(|| line.strip_prefix("from "))?;
    let module = rest.split([' ', ',', '.']).next()?;
    (!module.is_empty()).then(|| format!("{module}.py"))
}

/// The server with this name below `tests/servers/`.
pub(super) fn source(name: &str) -> Result<File> {
    read(&paths::root().join("tests/servers").join(name))
}

/// The server with this name below `tests/servers/`, under another name, and all files that it
/// includes, in one folder.
pub(super) fn single(name: &str, new_name: &str) -> Result<Files> {
    let source = Path::new("servers").join(name);
    let renamed = |(path, file): (PathBuf, File)| {
        let own = path.file_name().unwrap_or_default();
        (PathBuf::from(if path == source { new_name.as_ref() } else { own }), file)
    };
    Ok(with_includes(&source)?.into_iter().map(renamed).collect())
}

fn read(path: &Path) -> Result<File> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(File { bytes, is_executable: false })
}

/// `a/b/../c` as `a/c`.
fn without_dots(path: &Path) -> PathBuf {
    let mut short = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(short.pop()),
            other => short.push(other),
        }
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_read_with_the_files_that_it_includes() {
        let files = with_includes(Path::new("servers/epoll/level.c")).unwrap();
        let paths: Vec<_> = files.keys().map(|path| path.to_str().unwrap()).collect();
        let expected = ["common.h", "epoll/level.c", "epoll/tracker.h", "reserve.h"]
            .map(|it| format!("servers/{it}"));
        assert_eq!(paths, expected);
        let files = with_includes(Path::new("servers/fork/plain.py")).unwrap();
        let paths: Vec<_> = files.keys().map(|path| path.to_str().unwrap()).collect();
        assert_eq!(paths, ["servers/fork/fork_server.py", "servers/fork/plain.py"]);
    }
}
