//! The criterion of clients that do not read their replies.

mod shut_down;

use super::diagnosis::if_received;
use super::draws::Draws;
use super::resp::{bulk, command, ok, simple};
use super::resp_client::RespClient;
use super::store_run::StoreRun;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::log_event::LogEvent;
use crate::shared::memory::memory;
use shut_down::sleeps_after_shutdown;
use std::time::{Duration, Instant};
use witness::WaitError;

/// The size of the large value, in bytes.
const VALUE: usize = 1 << 20;
/// The longest time that a client sends its commands. A server that parses slowly need not read all
/// of them.
const MAX_SENDING: Duration = Duration::from_secs(2);
/// The maximum memory that the server may use for the clients that do not read, in bytes.
const MAX_MEMORY: u64 = 64 << 20;
/// The run-time of a language may keep this many bytes that the server no longer uses.
const MAX_GARBAGE: u64 = 8 << 20;
/// The number of bytes of commands that a client sends: clearly more than both limits.
const COMMANDS: usize = 100 << 20;

/// The number of bytes that a slow client reads later, of small replies and of a large one. A server
/// that cuts a reply at a limit of its own sends fewer.
const READ_LATER: u64 = 2 * VALUE as u64;
const READ_LATER_OF_LARGE: u64 = 40 * VALUE as u64;
/// The number of bytes that are kept of a slow client's replies: enough to recognise errors.
const KEPT: usize = 64 << 10;

/// Clients that never read do not delay the other clients, and the server's memory grows by at most
/// 64 MiB.
pub(super) fn slow_reader(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let (mut store, mut draws) = (StoreRun::start(context)?, Draws::new(context, "slow-reader"));
    let [key, small, value] = draws.words();
    let mut other = store.connect()?;

    // Store the value, and measure the server's memory before the requests.
    let large = draws.bytes(VALUE);
    let depends_on_get_set = |error: CheckError| error.depends_on("get-set");
    for _ in 0..2 {
        store
            .expect_reply(&mut other, &[b"SET", key.as_bytes(), &large], ok())
            .map_err(depends_on_get_set)?;
        store
            .expect_reply(&mut other, &[b"GET", key.as_bytes()], bulk(&large))
            .map_err(depends_on_get_set)?;
    }
    let before = memory(&store.run.server)?;
    store.peak_memory = Some(before);
    sleeps_after_shutdown(&mut store, &key)?;
    let mut check = SlowReader { store, other, before, small, value };

    let get = command(&[b"GET", key.as_bytes()]);
    check.ask("GET of 1 MiB 200 times", &[(&get, 200)], "unbounded-output", Some(READ_LATER))?;

    // One reply of 1,000 MiB.
    let words: Vec<_> = [&b"MGET"[..]].into_iter().chain([key.as_bytes(); 1000]).collect();
    let one = command(&words);
    check.ask(
        "MGET of 1,000 times 1 MiB",
        &[(&one, 1)],
        "unbounded-reply",
        Some(READ_LATER_OF_LARGE),
    )?;

    // 1,000 replies of 2 MiB.
    let two = command(&[b"MGET", key.as_bytes(), key.as_bytes()]);
    let text = "MGET of 2 times 1 MiB 1,000 times";
    check.ask(text, &[(&two, 1000)], "unbounded-output", Some(READ_LATER))?;

    // Replies of 200 MiB, and then 100 MiB of commands. A server that reads on runs a GET for every
    // few commands that it reads, or stores the commands.
    let length = draws.size(30_000..=60_000);
    let other_value = draws.bytes(length);
    let set = command(&[b"SET", draws.word().as_bytes(), &other_value]);
    let sets = COMMANDS / set.len() + 1;
    let text = "GET of 1 MiB 200 times, and then 100 MiB of SET";
    check.ask(text, &[(&get, 200), (&set, sets)], "reads-on", Some(READ_LATER))?;
    check.ask("100 MiB of SET", &[(&set, sets)], "reads-on", None)
}

/// A store with a client that is always served.
struct SlowReader {
    store: StoreRun,
    other: RespClient,
    /// The server's memory before the first client that does not read, in bytes.
    before: u64,
    small: String,
    value: String,
}

impl SlowReader {
    /// A new client sends each of these commands as many times as given, and does not read. The other
    /// client must be served meanwhile. `mistake` is the row of a server whose memory grows. At the
    /// end, the slow client reads `later_read` bytes of its replies, if that is asked for.
    fn ask(
        &mut self,
        text: &str,
        commands: &[(&[u8], usize)],
        mistake: &'static str,
        later_read: Option<u64>,
    ) -> Result<(), CheckError> {
        let mut slow = self.store.connect()?;
        slow.named.connection.keep_at_most(KEPT);
        let from = self.store.run.step_count();
        self.store.run.step(format!("{} sent {text}, and reads nothing", slow.name()));
        let begun = Instant::now();
        for (command, count) in commands {
            // The client sends in pieces of about 1 MiB, until the server takes no more.
            let piece = (1 << 20) / command.len() + 1;
            for first in (0..*count).step_by(piece) {
                slow.send(&command.repeat(piece.min(count - first)));
                self.wait_taken(&mut slow, begun + MAX_SENDING)?;
                self.expect_bounded_memory(&slow, text, mistake)?;
                if !slow.has_sent_all() || begun.elapsed() >= MAX_SENDING {
                    break;
                }
            }
        }
        self.wait_served_or_grown()?;
        self.expect_bounded_memory(&slow, text, mistake)?;
        let _ = self.store.run.check_alive();
        self.expect_bounded_memory(&slow, text, mistake)?;
        self.expect_served()?;
        if let Some(wanted) = later_read {
            self.expect_answered_or_ended(&slow, text, wanted, mistake)?;
        }

        // The client resets its connection before it has read its replies.
        self.store.run.step(format!("{} reset its connection", slow.name()));
        slow.named.connection.reset();
        self.store.expect_alive("reset-ends-server")?;
        self.expect_served()?;
        self.expect_new_session(&slow)?;
        let text = format!("{} sent {text}, and {} was served", slow.name(), self.other.name());
        self.store.run.merge_steps(from, text);
        Ok(())
    }

    /// The client, which has asked for large values, begins to read. It gets its replies, or the end
    /// of its connection: no reply may be lost in silence. Only the end of a reply that is too large
    /// is missing because of its size.
    fn expect_answered_or_ended(
        &mut self,
        slow: &RespClient,
        asked: &str,
        wanted: u64,
        mistake: &'static str,
    ) -> Result<(), CheckError> {
        self.store.run.step(format!("{} began to read", slow.name()));
        let answered = self.store.run.server.wait_for(|_| {
            let connection = &slow.named.connection;
            let is_ended = connection.ended().is_some();
            Ok((is_ended || connection.received_count() >= wanted).then_some(()))
        });
        let Err(wait_error) = answered else { return Ok(()) };
        if let WaitError::Ended(_) = wait_error {
            return Ok(()); // the caller reports a server that has ended
        }
        if is_refusal(&slow.named.connection.received()) {
            return Ok(());
        }
        let received = slow.named.connection.received_count();
        // A server that has logged the client's end, and keeps its connection, has another fault.
        let mistake = match self.has_logged_departure(slow)? {
            true => Some("forgot-close"),
            false => (mistake == "unbounded-reply").then_some(mistake),
        };
        let failure = Failure {
            id: "reply-lost",
            mistake,
            summary: format!(
                "{} sent {asked} and then read, and got neither all replies nor the end of its \
                 connection.",
                slow.name()
            ),
            expected: "all replies, or an end of file".to_owned(),
            observed: format!("{received} bytes, and then nothing more"),
        };
        Err(self.store.run.fail(wait_error, failure))
    }

    /// Whether the log says that the client has left, and the server still has its connection.
    fn has_logged_departure(&self, slow: &RespClient) -> Result<bool, CheckError> {
        let server = &self.store.run.server;
        let Some(open) = server.descriptor_of(&slow.named.connection)? else { return Ok(false) };
        let is_logged = |event: LogEvent| match event {
            LogEvent::Disconnect { fd, .. } => fd == Some(open),
            _ => false,
        };
        Ok(server.log().iter().filter_map(LogEvent::of).any(is_logged))
    }

    /// Waits until the connection has accepted what the client sends, until the server takes no
    /// more of it, until the server uses too much memory, or until a moment.
    fn wait_taken(&mut self, slow: &mut RespClient, until: Instant) -> Result<(), CheckError> {
        let most = self.before + MAX_MEMORY + MAX_GARBAGE;
        let taken = self.store.run.server.wait_for(|now| {
            slow.flush();
            let is_late = Instant::now() >= until;
            Ok((slow.has_sent_all() || is_late || memory(now)? > most).then_some(()))
        });
        match taken {
            Err(WaitError::Unobservable(unseen)) => Err(unseen.into()),
            _ => Ok(()),
        }
    }

    /// The other client sends PING, and waits for the reply, or until the server uses too much
    /// memory. A server that copies much memory may take long to reply.
    fn wait_served_or_grown(&mut self) -> Result<(), CheckError> {
        let most = self.before + MAX_MEMORY + MAX_GARBAGE;
        let Self { store, other, .. } = self;
        store.send(other, &command(&[b"PING"]))?;
        let _ = store.run.server.wait_for(|now| {
            let used = memory(now)?;
            store.peak_memory = store.peak_memory.max(Some(used));
            other.fill_inbox();
            Ok((used > most || !other.inbox().is_empty()).then_some(()))
        });
        if store.peak_memory > Some(most) {
            return Ok(());
        }
        store.expect_next_reply(other, "PING", &simple("PONG"))
    }

    fn expect_served(&mut self) -> Result<(), CheckError> {
        let Self { store, other, small, value, .. } = self;
        store.expect_replies(
            other,
            [
                ("PING".to_owned(), simple("PONG")),
                (format!("SET {small} {value}"), ok()),
                (format!("GET {small}"), bulk(value)),
            ],
        )
    }

    /// The next client, which may get the descriptor of the client that has left, gets none of its
    /// pending replies. That the descriptor is closed is checked by `no-fd-leak`.
    fn expect_new_session(&mut self, left: &RespClient) -> Result<(), CheckError> {
        let _ = self.store.run.wait_released(&left.named);
        let mut next = self.store.connect()?;
        self.store
            .expect_replies(&mut next, [("PING", simple("PONG"))])
            .map_err(if_received("session-reused"))?;
        next.named.connection.close();
        let _ = self.store.run.wait_released(&next.named);
        Ok(())
    }

    fn expect_bounded_memory(
        &mut self,
        slow: &RespClient,
        asked: &str,
        mistake: &'static str,
    ) -> Result<(), CheckError> {
        let now = memory(&self.store.run.server)?;
        let most = now.max(self.store.peak_memory.unwrap_or(now));
        let grown = most.saturating_sub(self.before);
        if grown <= MAX_MEMORY + MAX_GARBAGE {
            return Ok(());
        }
        // The client leaves, so that the server need not go on.
        self.store.run.step(format!("{} reset its connection", slow.name()));
        slow.named.connection.reset();
        Err(self.store.run.fail_now(Failure {
            id: "unbounded-memory",
            mistake: Some(mistake),
            summary: format!(
                "A client sent {asked} and reads nothing, and the server's memory has grown by {} \
                 MiB.",
                grown.div_ceil(1 << 20)
            ),
            expected: format!("at most {} MiB more than before", MAX_MEMORY >> 20),
            observed: format!("{} MiB more", grown.div_ceil(1 << 20)),
        }))
    }
}

/// Whether a client has received errors in place of large replies. An error is a whole reply.
fn is_refusal(inbox: &[u8]) -> bool {
    let Some(lines) = inbox.strip_suffix(b"\r\n") else { return false };
    lines.split(|byte| *byte == b'\n').all(|line| line.starts_with(b"-"))
}

#[cfg(test)]
mod tests {
    use super::is_refusal;

    #[test]
    fn an_error_is_a_whole_reply_and_a_part_of_a_value_is_none() {
        assert!(is_refusal(b"-ERR the reply is too large\r\n-ERR no\r\n"));
        assert!(!is_refusal(b"-ERR the rep"));
        assert!(!is_refusal(b"*1000\r\n$1048576\r\nabc\r\n"));
        assert!(!is_refusal(b""));
    }
}
