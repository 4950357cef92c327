//! Makes a lesson's proof known to the crate `proofs`.

use anyhow::{Result, ensure};
use programs::files::read;
use std::path::{Path, PathBuf};

/// The source files of the crate `proofs`.
const SOURCES: &str = "crates/proofs/src";

/// The file of the lesson's proof, and the crate's `lib.rs` with the proof in its lists.
///
/// # Errors
/// `lib.rs` cannot be read, or its lists have another form.
pub(super) fn files(root: &Path, id: &str, proof: &str) -> Result<[(PathBuf, String); 2]> {
    let module = id.replace('-', "_");
    let [proof_path, lib_path] =
        [format!("{module}.rs"), "lib.rs".to_owned()].map(|name| Path::new(SOURCES).join(name));
    ensure!(!root.join(&proof_path).exists(), "{} exists; remove it", proof_path.display());
    let lib = read(&root.join(&lib_path))?;
    let lib = with_line(&lib, &module, |name| format!("mod {name};"))
        .and_then(|lib| with_line(&lib, &module, |name| format!("        &{name}::PROOF,")));
    let lib = lib.ok_or_else(|| {
        let place = lib_path.display();
        anyhow::anyhow!("{place}: no list of the lessons' modules was found; add {module} to it")
    })?;
    Ok([(proof_path, proof.to_owned()), (lib_path, lib)])
}

/// A text with one more line for `module`, behind the line of the module before it. Modules of lessons
/// are named `w01_l01`, and their lines are in order.
fn with_line(text: &str, module: &str, line_of: impl Fn(&str) -> String) -> Option<String> {
    let is_before = |line: &&str| {
        let name = line.trim().trim_start_matches("mod ").trim_start_matches('&').get(..7);
        name.is_some_and(|name| is_module(name) && name < module && **line == line_of(name))
    };
    let before = text.lines().rfind(is_before)?;
    let after = format!("{before}\n{}\n", line_of(module));
    Some(text.replacen(&format!("{before}\n"), &after, 1))
}

/// Whether `name` has the form `w01_l01`.
fn is_module(name: &str) -> bool {
    name.starts_with('w') && name.get(3..5) == Some("_l")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_comes_behind_the_last_one_before_it() {
        let text = "mod a;\nmod w01_l01;\nmod w03_l02;\n\nuse b;\n";
        let with = |module| with_line(text, module, |name| format!("mod {name};"));
        let both = "mod a;\nmod w01_l01;\nmod w02_l01;\nmod w03_l02;\n\nuse b;\n";
        assert_eq!(with("w02_l01").as_deref(), Some(both));
        let last = "mod a;\nmod w01_l01;\nmod w03_l02;\nmod w05_l01;\n\nuse b;\n";
        assert_eq!(with("w05_l01").as_deref(), Some(last));
        assert_eq!(with_line("use b;\n", "w05_l01", |name| format!("mod {name};")), None);
    }
}
