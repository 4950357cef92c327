//! Checks of servers with few slots.

use crate::check_error::CheckError;
use crate::test_run::TestRun;

/// The end of a check that has found no fault. If the server's table has fewer than `needed` slots,
/// the check could not see `what`, and is inconclusive. A server has so few slots only if they are
/// built into the program (`--capacity`).
pub(crate) fn expect_slots(run: &TestRun, needed: usize, what: &str) -> Result<(), CheckError> {
    if run.capacity >= needed {
        return Ok(());
    }
    let slots = match run.capacity {
        1 => "1 slot".to_owned(),
        count => format!("{count} slots"),
    };
    Err(CheckError::Inconclusive(format!(
        "{what} cannot be seen of a server with {slots}; the check needs {needed}"
    )))
}
