//! The line with which a server says that it listens.

use crate::fall::Fall;
use crate::scene::{Blame, Scene};
use witness::{Line, Server};

/// The server's `[START]` says `key=wanted`. What it says instead, `row` explains.
pub(crate) fn announces(
    scene: &mut Scene,
    key: &str,
    wanted: &str,
    row: impl Fn(&str) -> Option<&'static str>,
) -> Result<(), Fall> {
    let said = scene.server.until(|now| Ok(start_line(now)));
    let (summary, observed, stuck) = match said {
        Ok(line) if line.value(key) == Some(wanted) => return Ok(()),
        Ok(line) => (format!("The [START] line does not say {key}={wanted}."), line.text, None),
        Err(stuck) => {
            let summary = "The server listens, and logs no [START] line.".to_owned();
            (summary, "no [START] line".to_owned(), Some(stuck))
        }
    };
    let blame = Blame {
        id: "start-line",
        mistake: row(&observed),
        summary,
        expected: format!("[START] {key}={wanted}"),
        observed,
    };
    Err(match stuck {
        Some(stuck) => scene.fail(stuck, blame),
        None => scene.refute(blame),
    })
}

/// The first `[START]` of the log.
pub(crate) fn start_line(server: &Server) -> Option<Line> {
    server.log().iter().find(|line| line.tag() == Some("START")).cloned()
}
