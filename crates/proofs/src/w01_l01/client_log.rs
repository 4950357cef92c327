//! The log lines about clients: `[ACCEPT]` when the server has accepted a client, and
//! `[DISCONNECT]` when it has closed the client's descriptor.
//!
//! Some languages do not show the number of a descriptor. Therefore a line may leave out `fd`. If a
//! line has `fd`, the number must be the one that the kernel connects to the client.

use crate::check_error::{CheckError, Failure};
use crate::log_event::LogEvent;
use crate::named_client::NamedClient;
use crate::test_run::TestRun;
use witness::WaitError;

/// The row of a server whose lines about clients are missing or wrong.
const ROW: &str = "client-lines";

/// The lines that the server must have written up to now.
#[derive(Default)]
pub(super) struct ClientLog {
    /// The descriptors of the accepted clients, in the order in which they were accepted.
    accepted: Vec<Option<i32>>,
    /// The number of clients that have left.
    left: usize,
}

/// Which of the two lines.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tag {
    Accept,
    Disconnect,
}

impl Tag {
    fn text(self) -> &'static str {
        match self {
            Tag::Accept => "[ACCEPT]",
            Tag::Disconnect => "[DISCONNECT]",
        }
    }
}

impl ClientLog {
    /// The server has accepted `client`, which is connected. One `[ACCEPT]` line must say so.
    pub(super) fn expect_accept(
        &mut self,
        run: &mut TestRun,
        client: &NamedClient,
    ) -> Result<(), CheckError> {
        let fd = run.server.descriptor_of(&client.connection)?;
        self.accepted.push(fd);
        expect_line(run, Tag::Accept, self.accepted.len(), client, fd)
    }

    /// The server has accepted `client`, which is connected and has sent nothing, and is idle. Returns
    /// whether an `[ACCEPT]` line is missing then.
    pub(super) fn misses_accept(
        &self,
        run: &mut TestRun,
        client: &NamedClient,
    ) -> Result<bool, CheckError> {
        let missing = matches!(
            wait_lines(run, Tag::Accept, self.accepted.len() + 1),
            Err(WaitError::Idle { .. })
        );
        // The criterion `echo` reports a server that does not accept.
        Ok(missing && run.server.descriptor_of(&client.connection)?.is_some())
    }

    /// The client at the front, `client`, has left. One `[DISCONNECT]` line must say so.
    pub(super) fn expect_disconnect(
        &mut self,
        run: &mut TestRun,
        client: &NamedClient,
    ) -> Result<(), CheckError> {
        let fd = self.accepted.get(self.left).copied().flatten();
        self.left += 1;
        expect_line(run, Tag::Disconnect, self.left, client, fd)
    }

    /// No further client has left. No line may say so.
    pub(super) fn expect_no_disconnect(
        &self,
        run: &mut TestRun,
        client: &NamedClient,
    ) -> Result<(), CheckError> {
        let count = logged(run, Tag::Disconnect).len();
        if count <= self.left {
            return Ok(());
        }
        Err(run.fail_now(Failure {
            id: "early-disconnect-line",
            mistake: Some(ROW),
            summary: format!("The server logs [DISCONNECT], and {} is connected.", client.name),
            expected: format!("no [DISCONNECT] line before {} has left", client.name),
            observed: format!("[DISCONNECT] lines: {count}"),
        }))
    }
}

/// Waits for line number `count` with this tag. The line is about `client`, whose descriptor in the
/// server is, or was, `fd`.
fn expect_line(
    run: &mut TestRun,
    tag: Tag,
    count: usize,
    client: &NamedClient,
    fd: Option<i32>,
) -> Result<(), CheckError> {
    let tag_text = tag.text();
    let written = wait_lines(run, tag, count);
    let lines = logged(run, tag);
    let named = lines.get(count - 1).copied().flatten();
    let what = match tag {
        Tag::Accept => "was accepted",
        Tag::Disconnect => "has left",
    };
    let name = &client.name;
    let (id, summary) = if lines.len() < count {
        ("no-client-line", format!("{name} {what}, and the server logs no {tag_text} line."))
    } else if lines.len() > count {
        ("repeated-client-line", format!("{name} {what}, and {} lines say so.", lines.len()))
    } else if named.is_some() && fd.is_some() && named != fd {
        ("wrong-client-line", format!("The {tag_text} line does not name {name}'s descriptor."))
    } else {
        return Ok(());
    };
    let fd = fd.map_or("N".to_owned(), |fd| fd.to_string());
    let failure = Failure {
        id,
        mistake: Some(ROW),
        summary,
        expected: format!("one line {tag_text} fd={fd}"),
        observed: match named {
            Some(number) => format!("{tag_text} fd={number}"),
            None => format!("{tag_text} lines: {}", lines.len()),
        },
    };
    Err(run.fail_after(written.err(), failure))
}

/// Waits until the log has this many lines with this tag.
fn wait_lines(run: &mut TestRun, tag: Tag, count: usize) -> Result<(), WaitError> {
    run.server.wait_for(|now| {
        let lines = now.log().iter().filter_map(LogEvent::of).filter_map(|it| fd_of(&it, tag));
        Ok((lines.count() >= count).then_some(()))
    })
}

/// The failure of a server that has logged a client only after the client had sent something.
pub(super) fn accept_logged_late(run: &mut TestRun, client: &NamedClient) -> CheckError {
    let name = &client.name;
    run.fail_now(Failure {
        id: "late-client-line",
        mistake: None,
        summary: format!(
            "{name} was accepted, and the server logged [ACCEPT] only when {name} had sent bytes."
        ),
        expected: format!("[ACCEPT] as soon as {name} is accepted"),
        observed: format!("no [ACCEPT] line while {name} was silent, and then one"),
    })
}

/// In this step, `client` was lost, whose descriptor in the server was `fd`. A server that has logged
/// how earlier clients left must log this, too. The criterion `next-client` reports a server that logs
/// no client.
pub(super) fn expect_departure_logged(
    run: &mut TestRun,
    client: &NamedClient,
    fd: Option<i32>,
) -> Result<(), CheckError> {
    if logged(run, Tag::Disconnect).is_empty() {
        return Ok(());
    }
    let line = run.wait_logged(|event| fd_of(event, Tag::Disconnect));
    let (name, number) = (&client.name, fd.map_or("N".to_owned(), |fd| fd.to_string()));
    let (summary, observed) = match line {
        Err(WaitError::Idle { .. }) => (
            format!(
                "{name} was lost in the middle of its answer, and no [DISCONNECT] line says so."
            ),
            run.logged_text(),
        ),
        Ok(Some(named)) if fd.is_some_and(|fd| fd != named) => (
            format!("The [DISCONNECT] line does not name {name}'s descriptor."),
            format!("[DISCONNECT] fd={named}"),
        ),
        _ => return Ok(()),
    };
    Err(run.fail_now(Failure {
        id: "no-client-line",
        mistake: Some(ROW),
        summary,
        expected: format!("one line [DISCONNECT] fd={number}"),
        observed,
    }))
}

/// The descriptors that the lines with this tag name, in the order of the lines.
fn logged(run: &TestRun, tag: Tag) -> Vec<Option<i32>> {
    let events = run.server.log().iter().filter_map(LogEvent::of);
    events.filter_map(|event| fd_of(&event, tag)).collect()
}

/// The descriptor that a line with this tag names. `None` for a line with another tag.
fn fd_of(event: &LogEvent, tag: Tag) -> Option<Option<i32>> {
    match (event, tag) {
        (LogEvent::Accept { fd, .. }, Tag::Accept) => Some(*fd),
        (LogEvent::Disconnect { fd, .. }, Tag::Disconnect) => Some(*fd),
        _ => None,
    }
}
