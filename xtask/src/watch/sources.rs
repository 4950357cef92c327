//! The files of the program under test: which files count, and when one of them has changed.
//!
//! The kernel reports changes in folders (inotify(7)), not in files: many editors replace a file by
//! renaming another one. A report only makes this module look; what counts is the state of the files.
//! Therefore changes are also found, a second later, on file systems that report nothing.

mod files;

use crate::program_args::ProgramArgs;
use anyhow::Result;
use course::lesson::Lesson;
use files::{command_files, crate_files, named_files};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use std::collections::BTreeMap;
use std::fs;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};
use terminal::paths;

/// The time without a further change after which a save is complete. Some editors write a file in
/// several steps.
const CALM: u8 = 10; // milliseconds
/// The maximum time that is waited for the end of changes.
const MAX_WAIT: Duration = Duration::from_millis(300);

/// The files of a program, as they were at the last look.
pub(super) struct Sources {
    kind: Kind,
    /// `None` if the machine has no free inotify instance; then changes are found by looking.
    inotify: Option<Inotify>,
    state: BTreeMap<PathBuf, State>,
}

enum Kind {
    /// The crate in this folder, with the crates that it depends on.
    Crate { folder: PathBuf, solution: bool },
    /// The files that a command names.
    Command(Vec<PathBuf>),
}

/// What changes whenever a file is written or replaced: time of modification, number and size.
type State = (Option<SystemTime>, u64, u64);

impl Sources {
    /// Begins to watch the files of a lesson's program.
    ///
    /// # Errors
    /// The command of `--cmd` is not quoted as for a shell, or the current folder was removed.
    pub(super) fn of(lesson: &Lesson, program: &ProgramArgs) -> Result<Self> {
        let kind = match &program.cmd {
            Some(line) => Kind::Command(named_files(line)?),
            None => Kind::Crate {
                folder: paths::root().join(lesson.folder()),
                solution: program.note() == Some("solution"),
            },
        };
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK).ok();
        let mut sources = Self { kind, inotify, state: BTreeMap::new() };
        sources.has_changed();
        Ok(sources)
    }

    /// Whether a file has changed, or there is a new file or one less, since the last call.
    pub(super) fn has_changed(&mut self) -> bool {
        let files = match &self.kind {
            Kind::Crate { folder, solution } => crate_files(folder, *solution),
            Kind::Command(named) => command_files(named),
        };
        let state = files.files.into_iter().filter_map(|path| Some((path.clone(), of(&path)?)));
        let state = state.collect();
        // A folder that was replaced is watched again; for any other folder, this changes nothing.
        if let Some(inotify) = &self.inotify {
            let flags = AddWatchFlags::IN_CLOSE_WRITE
                | AddWatchFlags::IN_ATTRIB
                | AddWatchFlags::IN_CREATE
                | AddWatchFlags::IN_DELETE
                | AddWatchFlags::IN_MOVE;
            for folder in &files.folders {
                // Without a watch, changes in this folder are found by looking.
                let _ = inotify.add_watch(folder, flags);
            }
        }
        std::mem::replace(&mut self.state, state) != self.state
    }

    /// The descriptor that is readable after a change.
    pub(super) fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.inotify.as_ref().map(AsFd::as_fd)
    }

    /// Waits until a save is complete: until no change comes for 10 ms.
    pub(super) fn wait_for_calm(&self) {
        let Some(inotify) = &self.inotify else { return };
        let start = Instant::now();
        loop {
            while inotify.read_events().is_ok_and(|events| !events.is_empty()) {}
            let mut entry = [PollFd::new(inotify.as_fd(), PollFlags::POLLIN)];
            if start.elapsed() > MAX_WAIT
                || !poll(&mut entry, PollTimeout::from(CALM)).is_ok_and(|count| count > 0)
            {
                return;
            }
        }
    }
}

fn of(path: &Path) -> Option<State> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok(), metadata.ino(), metadata.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(folder: &Path) -> Sources {
        let kind = Kind::Crate { folder: folder.to_owned(), solution: false };
        let inotify = Inotify::init(InitFlags::IN_NONBLOCK).ok();
        let mut sources = Sources { kind, inotify, state: BTreeMap::new() };
        sources.has_changed();
        sources
    }

    fn crate_in(folder: &Path, manifest: &str) {
        fs::create_dir_all(folder.join("src")).unwrap();
        fs::write(folder.join("Cargo.toml"), manifest).unwrap();
        fs::write(folder.join("src/a.rs"), "one").unwrap();
    }

    #[test]
    fn a_file_that_is_replaced_by_renaming_has_changed() {
        let dir = tempfile::tempdir().unwrap();
        crate_in(dir.path(), "");
        let mut sources = sources(dir.path());
        fs::write(dir.path().join("src/a.rs~"), "two").unwrap();
        fs::write(dir.path().join("src/.a.rs.swp"), "two").unwrap();
        sources.wait_for_calm();
        assert!(!sources.has_changed(), "an editor's own files do not count");
        fs::rename(dir.path().join("src/a.rs~"), dir.path().join("src/a.rs")).unwrap();
        assert!(sources.has_changed());
        assert!(!sources.has_changed());
    }

    #[test]
    fn a_folder_that_was_replaced_is_watched_again() {
        let dir = tempfile::tempdir().unwrap();
        crate_in(dir.path(), "");
        let mut sources = sources(dir.path());
        fs::remove_dir_all(dir.path().join("src")).unwrap();
        crate_in(dir.path(), "");
        assert!(sources.has_changed());
        sources.wait_for_calm();
        fs::write(dir.path().join("src/b.rs"), "").unwrap();
        let events = sources.inotify.as_ref().unwrap().read_events();
        assert!(events.is_ok_and(|events| !events.is_empty()));
    }

    #[test]
    fn the_crates_that_a_crate_builds_on_count() {
        let dir = tempfile::tempdir().unwrap();
        let (one, two) = (dir.path().join("one"), dir.path().join("two"));
        crate_in(&one, "[dependencies]\ntwo = { path = \"../two\" }\n");
        crate_in(&two, "[dependencies]\none = { path = \"../one\" }\nlibc = \"1\"\n");
        let mut sources = sources(&one.canonicalize().unwrap());
        fs::write(two.join("src/new.rs"), "").unwrap();
        assert!(sources.has_changed());
        fs::write(two.join("notes.txt"), "").unwrap();
        assert!(!sources.has_changed());
    }

    #[test]
    fn a_command_names_its_files_and_its_log_does_not_count() {
        let dir = tempfile::tempdir().unwrap();
        let script = dir.path().join("server.py");
        fs::write(&script, "").unwrap();
        let quoted = shell_words::quote(script.to_str().unwrap()).into_owned();
        let named = named_files(&format!("python3 -u {quoted}")).unwrap();
        assert_eq!(named, [script]);
        fs::write(dir.path().join("server.log"), "").unwrap();
        fs::write(dir.path().join("table.py"), "").unwrap();
        let found = command_files(&named).files;
        let names: Vec<_> = found.iter().filter_map(|path| path.file_name()).collect();
        assert_eq!(names, ["server.py", "table.py"]);
    }
}
