//! Records cargo's calls of the compiler for the lessons' crates.
//!
//! cargo runs a script in place of the compiler. The script writes its arguments and its
//! environment to files, and then executes the compiler. Therefore the calls need not be guessed
//! from cargo's output.

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The prefixes of the environment variables that describe the crate, and not this machine.
const VARIABLES: [&str; 3] = ["CARGO_PKG_", "CARGO_CRATE_NAME", "CARGO_BIN_NAME"];

/// One call of the compiler, without the output folder and the libraries' folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Call {
    /// The lesson's package.
    pub(super) package: String,
    /// The name of the output file.
    pub(super) makes: String,
    /// The file names of the libraries that the crate uses, by the library's crate name.
    pub(super) externs: BTreeMap<String, String>,
    /// The other arguments.
    pub(super) arguments: Vec<String>,
    /// The environment variables that describe the crate.
    pub(super) environment: BTreeMap<String, String>,
}

/// Makes a recorder script that writes to `folder`. Returns the script's path.
pub(super) fn recorder(folder: &Path) -> Result<PathBuf> {
    let place = folder.join("recorder");
    let quoted = folder.to_str().context("the target folder's name is not UTF-8")?;
    let record = shell_words::quote(quoted).into_owned();
    let script = format!(
        "#!/bin/sh\n\
         printf '%s\\0' \"$@\" >{record}/$$.arguments && env -0 >{record}/$$.environment || exit\n\
         exec \"$@\"\n"
    );
    fs::write(&place, script).with_context(|| format!("cannot write {}", place.display()))?;
    fs::set_permissions(&place, PermissionsExt::from_mode(0o755))?;
    Ok(place)
}

/// The calls that a recorder has written to `folder`, in the order of `packages`. Each library
/// comes before the program that uses it.
pub(super) fn read(folder: &Path, packages: &[String]) -> Result<Vec<Call>> {
    let mut calls = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "arguments") {
            continue;
        }
        let arguments = strings(&path)?;
        let environment = strings(&path.with_extension("environment"))?;
        calls.extend(call(&arguments, &environment, packages)?);
    }
    let rank = |call: &Call| {
        let place = packages.iter().position(|package| *package == call.package);
        (place, !is_library(&call.makes))
    };
    calls.sort_by_key(rank);
    let made_program = calls.last().is_some_and(|call| !is_library(&call.makes));
    ensure!(made_program, "cargo compiled no program; is env(1) that of GNU coreutils?");
    Ok(calls)
}

/// Whether a file of this name is a library.
pub(super) fn is_library(name: &str) -> bool {
    name.ends_with(".rlib")
}

/// The NUL-terminated strings in a file.
fn strings(path: &Path) -> Result<Vec<String>> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(text.split_terminator('\0').map(str::to_owned).collect())
}

/// The call with these arguments; `None` if the call compiles none of `packages`.
fn call(arguments: &[String], environment: &[String], packages: &[String]) -> Result<Option<Call>> {
    let variables = environment.iter().filter_map(|line| line.split_once('='));
    let variables: BTreeMap<_, _> = variables
        .filter(|(name, _)| VARIABLES.iter().any(|wanted| name.starts_with(wanted)))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let Some(package) = variables.get("CARGO_PKG_NAME").filter(|name| packages.contains(name))
    else {
        return Ok(None);
    };
    let mut parts = Parts::default();
    // The first argument is the compiler's path.
    let mut left = arguments.iter().skip(1);
    while let Some(argument) = left.next() {
        parts.add(argument, &mut left);
    }
    let name = parts.name.context("a call of the compiler without --crate-name")?;
    let makes = match parts.is_library {
        true => format!("lib{name}{}.rlib", parts.suffix),
        false => format!("{name}{}", parts.suffix),
    };
    Ok(Some(Call {
        package: package.clone(),
        makes,
        externs: parts.externs,
        arguments: parts.others,
        environment: variables,
    }))
}

/// The arguments of a call, by their meaning.
#[derive(Default)]
struct Parts {
    /// The crate's name.
    name: Option<String>,
    is_library: bool,
    /// The part of the output file's name after the crate's name.
    suffix: String,
    externs: BTreeMap<String, String>,
    /// The arguments that are repeated unchanged.
    others: Vec<String>,
}

impl Parts {
    /// Adds an argument. If the argument has a value, the value is taken from `left`.
    fn add<'a>(&mut self, argument: &str, left: &mut impl Iterator<Item = &'a String>) {
        let has_value = matches!(
            argument,
            "--crate-name"
                | "--crate-type"
                | "--out-dir"
                | "-L"
                | "-C"
                | "--extern"
                | "--cfg"
                | "--check-cfg"
                | "--cap-lints"
        );
        let value =
            if has_value { left.next().cloned().unwrap_or_default() } else { String::new() };
        match argument {
            "--out-dir" | "-L" => return,
            // A submission is never compiled with the solution.
            "--cfg" if value == "feature=\"solution\"" => return,
            "--extern" => return self.add_extern(&value),
            "--crate-name" => self.name = Some(value.clone()),
            "--crate-type" => self.is_library = value != "bin",
            "-C" => {
                if let Some(suffix) = value.strip_prefix("extra-filename=") {
                    self.suffix = suffix.to_owned();
                }
            }
            // With these options, the compiler's output is for cargo. They are omitted, because a
            // student needs readable output.
            _ if ["--error-format", "--json", "--emit", "--diagnostic-width"]
                .iter()
                .any(|name| argument.starts_with(name)) =>
            {
                return;
            }
            _ => {}
        }
        self.others.push(argument.to_owned());
        self.others.extend(has_value.then_some(value));
    }

    /// Adds a library's file name, without its folder. cargo may name the file of the metadata
    /// (.rmeta), which exists before the library itself (.rlib).
    fn add_extern(&mut self, value: &str) {
        let (name, path) = value.split_once('=').unwrap_or((value, ""));
        let file = Path::new(path).with_extension("rlib");
        let file = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        self.externs.insert(name.to_owned(), file);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_recorded_without_its_folders() {
        let arguments = [
            "/toolchain/bin/rustc",
            "--crate-name",
            "a",
            "lessons/w/src/lib.rs",
            "--json=x",
            "--crate-type",
            "lib",
            "--emit=dep-info,link",
            "-C",
            "extra-filename=-1f",
            "--out-dir",
            "/t/deps",
            "-L",
            "dependency=/t/deps",
            "--cfg",
            "feature=\"solution\"",
            "--extern",
            "b=/t/deps/libb-2.rmeta",
        ];
        let environment = ["CARGO_PKG_NAME=w", "HOME=/root", "CARGO_MANIFEST_DIR=/course/w"];
        let packages = ["w".to_owned()];
        let strings =
            |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let call = call(&strings(&arguments), &strings(&environment), &packages).unwrap().unwrap();
        assert_eq!(call.makes, "liba-1f.rlib");
        assert_eq!(call.externs, BTreeMap::from([("b".to_owned(), "libb-2.rlib".to_owned())]));
        let others = "--crate-name a lessons/w/src/lib.rs --crate-type lib -C extra-filename=-1f";
        assert_eq!(call.arguments.join(" "), others);
        assert_eq!(call.environment.len(), 1);
    }
}
