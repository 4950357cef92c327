//! Finds the file of a command's program, and says why it cannot run.

use anyhow::{Context, Result, bail};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// The file of a command's program. A path is relative to `directory`. A name is looked up in PATH,
/// as a shell does.
pub(crate) fn find(program: &str, directory: &Path) -> Result<PathBuf> {
    if program.contains('/') {
        let path = std::path::absolute(directory.join(program))?;
        return match fs::metadata(&path) {
            Err(error) => Err(error).with_context(|| {
                format!("--cmd: cannot run {}; build it first, or check the path", path.display())
            }),
            Ok(_) if is_executable(&path) && is_for_32_bits(&path) => bail!(
                "--cmd: {} is a program of 32 bits, whose system calls have other numbers and cannot \
                 be named here; compile it for 64 bits (gcc -m64)",
                path.display()
            ),
            Ok(_) if is_executable(&path) => Ok(path),
            Ok(_) => bail!(
                "--cmd: {} is not a program; chmod +x it, or name its interpreter",
                path.display()
            ),
        };
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path)
        .map(|folder| directory.join(folder).join(program))
        .find(|path| is_executable(path));
    found.with_context(|| {
        format!("--cmd: no program {program:?} in PATH; for one in this folder write ./{program}")
    })
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// Whether a file is a program for 32 bits (elf(5), EI_CLASS).
fn is_for_32_bits(path: &Path) -> bool {
    const ELF_CLASS_32: [u8; 5] = *b"\x7fELF\x01";
    let mut start = [0; 5];
    let read = fs::File::open(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && start == ELF_CLASS_32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_relative_to_the_folder() {
        assert!(find("./src/main.rs", Path::new("/no/such")).is_err());
        assert!(find("sh", Path::new(".")).unwrap().ends_with("sh"));
    }
}
