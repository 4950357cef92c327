//! The line with which a server says that it listens.

use crate::check_error::{CheckError, Failure};
use crate::test_run::TestRun;
use witness::{Line, Server};

/// The server's `[START]` says `key=wanted`. What it says instead, `row` explains.
pub(crate) fn expect_start_line(
    run: &mut TestRun,
    key: &str,
    wanted: &str,
    mistake: impl Fn(&str) -> Option<&'static str>,
) -> Result<(), CheckError> {
    let logged_text = run.server.until(|now| Ok(start_line(now)));
    let (summary, observed, wait_error) = match logged_text {
        Ok(line) if line.value(key) == Some(wanted) => return Ok(()),
        Ok(line) => (format!("The [START] line does not say {key}={wanted}."), line.text, None),
        Err(wait_error) => {
            let summary = "The server listens, and logs no [START] line.".to_owned();
            (summary, "no [START] line".to_owned(), Some(wait_error))
        }
    };
    let failure = Failure {
        id: "start-line",
        mistake: mistake(&observed),
        summary,
        expected: format!("[START] {key}={wanted}"),
        observed,
    };
    Err(match wait_error {
        Some(wait_error) => run.fail(wait_error, failure),
        None => run.fail_now(failure),
    })
}

/// The first `[START]` of the log.
pub(crate) fn start_line(server: &Server) -> Option<Line> {
    server.log().iter().find(|line| line.tag() == Some("START")).cloned()
}
