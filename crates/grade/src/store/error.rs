//! What a database's error means to whoever grades.

use rusqlite::ErrorCode;
use std::path::Path;

/// The error, with the file and the next step.
pub(super) fn told(path: &Path, error: rusqlite::Error) -> anyhow::Error {
    let shown = path.display();
    let Some(code) = error.sqlite_error_code() else {
        return anyhow::Error::new(error).context(format!("{shown}"));
    };
    let text = match code {
        ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt => {
            format!("{shown} is no results file, or is damaged; choose another --out")
        }
        ErrorCode::DatabaseBusy
        | ErrorCode::DatabaseLocked
        | ErrorCode::FileLockingProtocolFailed => {
            format!("{shown} is in use by another grader; wait for it, or choose another --out")
        }
        ErrorCode::DiskFull => format!(
            "no room is left for {shown}; what was graded before is kept: make room and give the \
             same command again"
        ),
        ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied => {
            format!("{shown} cannot be written: {error}; choose another --out")
        }
        _ => {
            format!("{shown}: {error}; what was graded before is kept: give the same command again")
        }
    };
    anyhow::anyhow!(text)
}
