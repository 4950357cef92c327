//! What a confined program sees of this machine: laid out here, built by the box's first process.

use crate::confine::Confinement;
use crate::launch::{LaunchError, text};
use crate::tree;
use std::collections::BTreeSet;
use std::ffi::CString;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The folder that a confined program runs in, and may write.
pub(crate) const OWN: &str = "/work";

/// What programs of the system need, where the machine has it.
const SYSTEM: [&str; 10] = [
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/etc/ld.so.cache",
    "/etc/alternatives",
    "/etc/localtime",
];
const DEVICES: [&str; 5] = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];
const LINKS: [(&str, &str); 5] = [
    ("/dev/fd", "/proc/self/fd"),
    ("/dev/stdin", "/proc/self/fd/0"),
    ("/dev/stdout", "/proc/self/fd/1"),
    ("/dev/stderr", "/proc/self/fd/2"),
    ("/dev/shm", "/tmp"), // shm_overview(7): a tmpfs, which /tmp is
];
const FILES: [(&str, &str); 5] = [
    ("/etc/passwd", "student:x:1000:1000::/work:/bin/sh\n"),
    ("/etc/group", "student:x:1000:\n"),
    ("/etc/hosts", "127.0.0.1 localhost box\n::1 localhost box\n"),
    ("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n"),
    ("/etc/resolv.conf", ""),
];
/// What the box has of its own, and nothing of this machine's can take the place of.
const RESERVED: [&str; 5] = ["/", "/dev", "/proc", "/tmp", OWN];

/// One thing that the first process puts in place; paths are relative to the new root.
#[derive(Debug)]
pub(crate) enum Piece {
    /// A new folder, or one that is there.
    Folder(CString),
    /// A new file with this text.
    File(CString, CString),
    /// A symbolic link with this text.
    Link(CString, CString),
    /// A file or folder of this machine, by its path.
    Bind { from: CString, at: CString },
    /// A file or folder of this machine that the observer has opened.
    Tree { from: OwnedFd, at: CString },
    /// All that is mounted at this path and below, read-only from now on.
    ReadOnly(CString),
    /// A file system in memory, with its options (tmpfs(5)).
    Memory { at: CString, options: CString },
    /// The processes of the box (proc(5)).
    Processes(CString),
}

impl Piece {
    /// Where it is, and how it gets there.
    pub(crate) fn describe(&self) -> String {
        let (verb, at) = match self {
            Piece::Folder(at) => ("making the folder", at),
            Piece::File(at, _) => ("writing", at),
            Piece::Link(at, _) => ("linking", at),
            Piece::Bind { at, .. } | Piece::Tree { at, .. } => ("showing", at),
            Piece::ReadOnly(at) => ("protecting", at),
            Piece::Memory { at, .. } => ("mounting a tmpfs(5) on", at),
            Piece::Processes(at) => ("mounting proc(5) on", at),
        };
        format!("{verb} /{}", at.to_string_lossy())
    }
}

/// What a box shows, in the order in which it is built.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) pieces: Vec<Piece>,
    /// How many files, folders and links there can be in the program's own folder.
    pub(crate) files: u64,
}

impl View {
    /// The view that `confinement` asks for. The entries of `directory` are linked into the
    /// program's own folder, so that it finds them where it runs.
    pub(crate) fn of(
        confinement: &Confinement,
        directory: Option<&Path>,
    ) -> Result<Self, LaunchError> {
        let mut layout = Layout::default();
        let shown = outermost(&confinement.visible)?;
        let entries = directory.map_or(Ok(Vec::new()), entries)?;
        layout.system()?;
        for path in [OWN, "/proc", "/tmp"] {
            layout.folder(Path::new(path))?;
        }
        let (late, early): (Vec<_>, Vec<_>) = shown.into_iter().partition(|it| is_in_memory(it));
        for path in &early {
            layout.show(path)?;
        }
        layout.add(Piece::ReadOnly(relative(Path::new("/"))?));
        layout.devices()?;
        let files = confinement.limits.files + (entries.len() + 16 * (1 + late.len())) as u64;
        layout.memory(confinement.limits.disk, files)?;
        for path in &late {
            layout.show(path)?;
            layout.add(Piece::ReadOnly(relative(path)?));
        }
        for path in entries {
            if let Some(name) = path.file_name() {
                layout.link(&Path::new(OWN).join(name), &path)?;
            }
        }
        Ok(View { pieces: layout.pieces, files })
    }
}

/// Whether a confined program sees `path`.
pub(crate) fn shows(confinement: &Confinement, path: &Path) -> bool {
    let system = SYSTEM.iter().map(Path::new);
    let asked = confinement.visible.iter().map(PathBuf::as_path);
    system
        .chain(asked)
        .any(|shown| std::path::absolute(shown).is_ok_and(|shown| path.starts_with(shown)))
}

/// Pieces, and the folders that are among them already.
#[derive(Default)]
struct Layout {
    pieces: Vec<Piece>,
    folders: BTreeSet<PathBuf>,
}

impl Layout {
    fn add(&mut self, piece: Piece) {
        self.pieces.push(piece);
    }

    fn system(&mut self) -> Result<(), LaunchError> {
        for path in SYSTEM.map(Path::new) {
            match fs::read_link(path) {
                Ok(target) => self.link(path, &target)?,
                Err(_) if path.exists() => self.bind(path)?,
                Err(_) => {}
            }
        }
        for (path, contents) in FILES {
            self.file(Path::new(path), contents)?;
        }
        for path in DEVICES {
            self.file(Path::new(path), "")?;
        }
        LINKS.iter().try_for_each(|(path, target)| self.link(Path::new(path), Path::new(target)))
    }

    /// After the rest was made read-only, which takes the life out of devices (mount(2), MS_NODEV).
    fn devices(&mut self) -> Result<(), LaunchError> {
        for path in DEVICES.map(Path::new) {
            self.add(Piece::Bind { from: text(path.as_os_str().as_bytes())?, at: relative(path)? });
        }
        Ok(())
    }

    fn memory(&mut self, bytes: u64, files: u64) -> Result<(), LaunchError> {
        for (path, mode) in [("/tmp", "1777"), (OWN, "0755")] {
            let options = format!("size={bytes},nr_inodes={files},mode={mode}");
            let options = text(options.as_bytes())?;
            self.add(Piece::Memory { at: relative(Path::new(path))?, options });
        }
        self.add(Piece::Processes(relative(Path::new("/proc"))?));
        Ok(())
    }

    /// What the caller names. An observer with the right to mount has it open before it gives that
    /// right up, so that the modes of the folders above do not matter; another goes by the path.
    fn show(&mut self, path: &Path) -> Result<(), LaunchError> {
        let refused = |error| LaunchError::NotShown { path: path.display().to_string(), error };
        let is_folder = fs::metadata(path).map_err(refused)?.is_dir();
        let tree = tree::open(path).map_err(refused)?;
        if is_folder {
            self.folder(path)?
        } else {
            self.file(path, "")?
        }
        let at = relative(path)?;
        match tree {
            Some(from) => self.add(Piece::Tree { from, at }),
            None => self.add(Piece::Bind { from: text(path.as_os_str().as_bytes())?, at }),
        }
        Ok(())
    }

    fn bind(&mut self, path: &Path) -> Result<(), LaunchError> {
        if path.is_dir() {
            self.folder(path)?
        } else {
            self.file(path, "")?
        }
        self.add(Piece::Bind { from: text(path.as_os_str().as_bytes())?, at: relative(path)? });
        Ok(())
    }

    fn folder(&mut self, path: &Path) -> Result<(), LaunchError> {
        if path.parent().is_some() && self.folders.insert(path.to_owned()) {
            self.parent(path)?;
            self.add(Piece::Folder(relative(path)?));
        }
        Ok(())
    }

    fn parent(&mut self, path: &Path) -> Result<(), LaunchError> {
        path.parent().map_or(Ok(()), |parent| self.folder(parent))
    }

    fn file(&mut self, path: &Path, contents: &str) -> Result<(), LaunchError> {
        self.parent(path)?;
        self.add(Piece::File(relative(path)?, text(contents.as_bytes())?));
        Ok(())
    }

    fn link(&mut self, path: &Path, target: &Path) -> Result<(), LaunchError> {
        self.parent(path)?;
        self.add(Piece::Link(relative(path)?, text(target.as_os_str().as_bytes())?));
        Ok(())
    }
}

/// The paths, absolute, without those that another one includes.
fn outermost(visible: &[PathBuf]) -> Result<Vec<PathBuf>, LaunchError> {
    let mut sorted = BTreeSet::new();
    for path in visible {
        let absolute = std::path::absolute(path)?;
        let reserved = RESERVED.map(Path::new).contains(&absolute.as_path());
        if reserved || absolute.starts_with("/dev") || absolute.starts_with("/proc") {
            let error = io::Error::other("every box has one of its own; name what is in it");
            return Err(LaunchError::NotShown { path: absolute.display().to_string(), error });
        }
        sorted.insert(absolute);
    }
    let mut kept: Vec<PathBuf> = Vec::new();
    for path in sorted {
        let included = SYSTEM.iter().map(Path::new).chain(kept.iter().map(PathBuf::as_path));
        if !included.into_iter().any(|above| path.starts_with(above)) {
            kept.push(path);
        }
    }
    Ok(kept)
}

fn is_in_memory(path: &Path) -> bool {
    path.starts_with("/tmp") || path.starts_with(OWN)
}

/// What is in a folder, by absolute paths.
fn entries(directory: &Path) -> Result<Vec<PathBuf>, LaunchError> {
    let directory = std::path::absolute(directory)?;
    let listed = fs::read_dir(&directory)?.map(|entry| Ok(entry?.path()));
    Ok(listed.collect::<io::Result<Vec<_>>>()?)
}

/// A path below the new root, as the first process has it: `usr` for `/usr`, `.` for `/`.
fn relative(path: &Path) -> Result<CString, LaunchError> {
    let below = path.strip_prefix("/").unwrap_or(path).as_os_str().as_bytes();
    text(if below.is_empty() { b"." } else { below })
}
