//! Recognizes a server that takes the -1 of a failed accept for a client.

use crate::check_error::{CheckError, Failure};
use crate::log_event::LogEvent;
use crate::test_run::TestRun;
use witness::Line;

/// The server has taken no -1 for a client, as far as its log shows: no line names a descriptor
/// below 0, there are not more `[ACCEPT]` and `[FORK]` lines than clients, and no slot is skipped.
pub(super) fn expect_no_phantom(run: &mut TestRun, what: &str) -> Result<(), CheckError> {
    let Some((line, why)) = phantom_line(run.server.log(), run.clients.len()) else {
        return Ok(());
    };
    Err(run.fail_now(Failure {
        id: "accept-unchecked",
        mistake: Some("accept-unchecked"),
        summary: format!(
            "After {what}, the server went on as if accept had returned a client: it logged {why}."
        ),
        expected: if run.logs_clients() {
            "one line for each client that has connected, and slots in order".to_owned()
        } else {
            "one line for each client that has connected".to_owned()
        },
        observed: line,
    }))
}

/// The first line that cannot be about a client, and the reason.
fn phantom_line(log: &[Line], clients: usize) -> Option<(String, String)> {
    let (mut accepted, mut forked, mut next_slot) = (0, 0, 0);
    // Another criterion reports a server that never gives its first client the first slot.
    let first = log.iter().find_map(|line| match LogEvent::of(line)? {
        LogEvent::Accept { slot, .. } => Some(slot),
        _ => None,
    });
    let has_order = matches!(first, Some(Some(0)));
    log.iter().find_map(|line| {
        let fd = line.value("fd").and_then(|fd| fd.parse::<i32>().ok());
        let count = match LogEvent::of(line)? {
            LogEvent::Accept { slot, .. } => {
                accepted += 1;
                let skips = has_order && slot.is_some_and(|slot| slot > next_slot);
                let skipped = skips.then_some(next_slot);
                next_slot = next_slot.max(slot.map_or(0, |slot| slot + 1));
                if let Some(skipped) = skipped {
                    let why = format!("{}, and no client has slot {skipped}", line.text);
                    return Some((line.text.clone(), why));
                }
                accepted
            }
            LogEvent::Fork { .. } => {
                forked += 1;
                forked
            }
            _ => return None,
        };
        let why = match fd {
            Some(fd @ ..0) => format!("{fd} is no descriptor"),
            _ if count > clients => {
                format!("only {clients} clients have connected")
            }
            _ => return None,
        };
        Some((line.text.clone(), format!("{}, and {why}", line.text)))
    })
}
