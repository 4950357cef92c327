//! Validates reports with the program in `tests/schema/`.

use super::{TIMEOUT, hermetic};
use assert_cmd::Command;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Fails unless these bytes are a valid report according to the schema.
#[track_caller]
pub(crate) fn assert_allows(report: &[u8]) {
    static VALIDATOR: OnceLock<PathBuf> = OnceLock::new();
    let validator = VALIDATOR.get_or_init(|| {
        cargo("build").assert().success();
        target().join("debug/schema")
    });
    hermetic(Command::new(validator)).write_stdin(report).assert().success();
}

/// A cargo command in the validator's own workspace.
pub(crate) fn cargo(task: &str) -> Command {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/schema/Cargo.toml");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args([task, "--quiet", "--locked", "--manifest-path"]).arg(manifest);
    cargo.arg("--target-dir").arg(target()).timeout(TIMEOUT);
    cargo
}

fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("../schema")
}
