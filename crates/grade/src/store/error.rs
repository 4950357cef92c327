//! Explains an error of the database to the person who grades.

use rusqlite::ErrorCode;
use std::path::Path;

/// The error with the file's name, its meaning and the next step.
pub(super) fn explain(path: &Path, error: rusqlite::Error) -> anyhow::Error {
    let shown = path.display();
    let Some(code) = error.sqlite_error_code() else {
        return anyhow::Error::new(error).context(format!("{shown}"));
    };
    let text = match code {
        ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt => {
            format!("{shown} is not a file of results, or is damaged; choose another --out")
        }
        ErrorCode::DatabaseBusy
        | ErrorCode::DatabaseLocked
        | ErrorCode::FileLockingProtocolFailed => {
            format!("{shown} is in use by another grader; wait for it, or choose another --out")
        }
        ErrorCode::DiskFull => format!(
            "the disk is full, so {shown} cannot be written; earlier results are kept: free some space \
             and give the same command again"
        ),
        ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied => {
            format!("{shown} cannot be written: {error}; choose another --out")
        }
        _ => {
            format!("{shown}: {error}; earlier results are kept: give the same command again")
        }
    };
    anyhow::anyhow!(text)
}
