//! The student's name in the name of the archive.

use anyhow::{Result, bail};
use std::process::Command;

/// Checks the argument of `--name`, and makes it a part of a file name.
pub(super) fn parse(name: &str) -> Result<String> {
    let part = file_name_part(name);
    if part.is_empty() {
        bail!("a name needs a letter or a digit, e.g. ada-lovelace");
    }
    Ok(part)
}

/// The name that git uses for commits, or the name of the user on this machine.
///
/// # Errors
/// There is neither. The error names the flag that gives a name.
pub(super) fn default() -> Result<String> {
    let git = Command::new("git").args(["config", "user.name"]).output();
    let git = git.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let user = ["USER", "LOGNAME"].map(|variable| std::env::var(variable).unwrap_or_default());
    let names = [git.unwrap_or_default()].into_iter().chain(user);
    match names.map(|name| file_name_part(&name)).find(|name| !name.is_empty()) {
        Some(name) => Ok(name),
        None => bail!("your name is not known here; give it with --name, e.g. --name ada-lovelace"),
    }
}

/// The name in lower case. Whatever is neither a letter nor a digit becomes one hyphen.
fn file_name_part(name: &str) -> String {
    let words = name.split(|character: char| !character.is_alphanumeric());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
    words.join("-").chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_becomes_a_part_of_a_file_name() {
        for (name, part) in [
            ("Ada Lovelace", "ada-lovelace"),
            ("  José  M. ", "josé-m"),
            ("../../etc/passwd", "etc-passwd"),
            ("a\nb", "a-b"),
        ] {
            assert_eq!(parse(name).unwrap(), part);
        }
        assert!(parse(" -- ").is_err());
    }
}
