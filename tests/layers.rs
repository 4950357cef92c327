//! Each crate imports only the crates that crates/README.md permits, and no crate has circular
//! imports between its files.

#[path = "layers/circles.rs"]
mod circles;
#[path = "layers/packages.rs"]
mod packages;
#[path = "layers/paths.rs"]
mod paths;
#[path = "layers/sources.rs"]
mod sources;
#[path = "layers/table.rs"]
mod table;
#[path = "layers/tokens.rs"]
mod tokens;

use circles::Module;
use packages::Package;
use sources::Sources;
use std::fs;
use std::path::{Path, PathBuf};
use table::Layers;

#[test]
fn each_crate_imports_only_what_its_row_permits() {
    let page = fs::read_to_string(root().join("crates/README.md")).unwrap();
    let layers = Layers::parse(&page);
    assert_none(
        "differences from the table in crates/README.md (move the code that needs the import, or \
         change the table together with the design)",
        &layers.violations(&Package::of_all_workspaces(&root())),
    );
}

#[test]
fn no_crate_has_circular_imports() {
    let packages = Package::of_all_workspaces(&root());
    let circles: Vec<_> = packages.iter().flat_map(circles_of).collect();
    assert_none(
        "circular imports between files (move what both files need into a file of its own)",
        &circles,
    );
}

/// The circular imports between the files of a package, one line for each circle.
fn circles_of(package: &Package) -> Vec<String> {
    let imports = Sources::read(&package.folder.join("src")).imports();
    let line = |circle: &Vec<Module>| {
        let modules: Vec<_> = circle.iter().map(|module| module.join("::")).collect();
        format!("{}: {}", package.name, modules.join(", "))
    };
    circles::find(&imports).iter().map(line).collect()
}

/// Fails if there are violations. The message has one line for each violation.
#[track_caller]
fn assert_none(what: &str, violations: &[String]) {
    assert!(violations.is_empty(), "{what}:\n{}", violations.join("\n"));
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}
