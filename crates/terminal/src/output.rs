//! Writes a command's result to standard output, or to a file. The content of the file is replaced
//! as a whole.

use anyhow::{Context, Result, bail};
use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::{Builder, NamedTempFile};

/// The place to which a command writes its result.
pub enum Destination {
    /// Standard output.
    Stdout,
    /// A file, whose content is replaced.
    File(PathBuf),
}

impl Destination {
    /// Standard output, or `file`, which was given with `option`, e.g. `--out`. Checks now that the
    /// file can be written, before the command does any work.
    ///
    /// # Errors
    /// The file cannot be written. The error names the option, the file and the reason.
    pub fn new(option: &str, file: Option<&Path>) -> Result<Self> {
        let Some(file) = file else {
            return Ok(Self::Stdout);
        };
        let context = || format!("{option} {}: cannot write there", file.display());
        // A symbolic link is kept, and the file that the link points to is replaced.
        let path = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
        if path.exists() && !path.is_file() {
            bail!("{option} {}: not a file; name one to write to", file.display());
        }
        if path.exists() {
            OpenOptions::new().write(true).open(&path).with_context(context)?;
        }
        let folder = folder(&path);
        if !folder.is_dir() {
            bail!(
                "{option} {}: there is no folder {}; make it first",
                file.display(),
                folder.display()
            );
        }
        unfinished(&path).with_context(context)?;
        Ok(Self::File(path))
    }

    /// Writes the whole text.
    ///
    /// # Errors
    /// For example, the disk is full. The file then still has its former content.
    pub fn write(&self, text: &str) -> Result<()> {
        match self {
            Self::Stdout => to_stdout(text).context("cannot write to standard output"),
            Self::File(path) => replace(path, text.as_bytes()),
        }
    }
}

/// Replaces the content of the file at `path` with `bytes`, atomically.
///
/// # Errors
/// The file cannot be written. The error names the file, which still has its former content.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let written = || -> io::Result<()> {
        let mut file = unfinished(path)?;
        file.write_all(bytes)?;
        file.persist(path)?;
        Ok(())
    };
    written().with_context(|| format!("cannot write {}", path.display()))
}

/// Creates a temporary file in the same folder and with the same mode as `path`. Renaming the
/// temporary file to `path` replaces `path` atomically (rename(2)).
fn unfinished(path: &Path) -> io::Result<NamedTempFile> {
    let name = path.file_name().ok_or(ErrorKind::IsADirectory)?;
    let mode = fs::metadata(path).map_or(0o666, |metadata| metadata.permissions().mode());
    Builder::new()
        .prefix(name)
        .suffix(".part")
        .permissions(Permissions::from_mode(mode & 0o777))
        .tempfile_in(folder(path))
        // The error of tempfile names the temporary file. This name would not help the user.
        .map_err(|error| error.kind().into())
}

fn folder(path: &Path) -> &Path {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new("."))
}

fn to_stdout(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    written.or_else(|error| match error.kind() {
        ErrorKind::BrokenPipe => Ok(()),
        _ => Err(error),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_keeps_its_mode() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        fs::write(&path, "old and longer").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        Destination::new("--out", Some(&path)).unwrap().write("new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_device_a_folder_and_a_missing_folder_are_refused_beforehand() {
        for place in ["/dev/null", "/", "/no/such/folder/report.json", ""] {
            let refused = Destination::new("--svg", Some(Path::new(place)));
            assert!(refused.is_err_and(|error| error.to_string().contains("--svg")), "{place}");
        }
    }
}
