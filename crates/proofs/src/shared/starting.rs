//! The log line with which a server says that it listens.

use crate::check_error::{CheckError, Failure};
use crate::test_run::TestRun;
use witness::{Line, Server};

/// Waits for the server's `[START]` line, which must have `key=wanted`. If the line is wrong,
/// `explain` finds the Common Mistakes row for the line.
pub(crate) fn expect_start_line(
    run: &mut TestRun,
    key: &str,
    wanted: &str,
    explain: impl Fn(&str) -> Option<&'static str>,
) -> Result<(), CheckError> {
    let (summary, observed, wait_error) = match run.server.wait_for(|now| Ok(start_line(now))) {
        Ok(line) if line.value(key) == Some(wanted) => return Ok(()),
        Ok(line) => (format!("The [START] line does not say {key}={wanted}."), line.text, None),
        Err(wait_error) => {
            let summary = "The server listens, and logs no [START] line.".to_owned();
            (summary, "no [START] line".to_owned(), Some(wait_error))
        }
    };
    let failure = Failure {
        id: "start-line",
        mistake: explain(&observed),
        summary,
        expected: format!("[START] {key}={wanted}"),
        observed,
    };
    Err(run.fail_after(wait_error, failure))
}

/// The first `[START]` line of the log.
pub(crate) fn start_line(server: &Server) -> Option<Line> {
    server.log().iter().find(|line| line.tag() == Some("START")).cloned()
}
