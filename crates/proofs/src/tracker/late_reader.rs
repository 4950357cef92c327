//! The criterion of a client that reads late, and of a client that never reads.

mod never_reads;
mod next_client;
mod no_room;
mod reads_late;
mod released;
mod shuts_down;

use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use crate::shared::departure::Departure;
use crate::shared::diagnosis;
use crate::shared::few_slots::expect_slots;
use crate::shared::waiting_calls::waiting_calls;
use crate::test_run::TestRun;
use next_client::Leaving;
use witness::{Server, WaitError};

/// The number of bytes that a client sends at a time. If the kernel has no more room for the
/// server's answers, at most this number of bytes is pending in the server.
const PIECE: usize = 4 << 10;

/// The number of clients that are connected at the same time, at least.
const CLIENTS: usize = 3;

/// If the server writes back: a client that reads nothing for a while gets every byte that was
/// written for it, and is served as before afterwards. Meanwhile it costs no processor time and at
/// most 1 MiB, and delays nobody. The memory for a client that never reads is bounded.
///
/// What a server writes back is its own choice. The check knows every byte that the server has to
/// write only if the server echoes.
pub(crate) fn late_reader(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    let mut random = context.random("late-reader");
    let mut other = Other { client: run.connect_accepted()?.0, lines: 0, answers: false };
    other.expect_served(&mut run)?;
    if !other.answers {
        return Ok(());
    }
    expect_slots(&run, CLIENTS, "a client that reads late")?;
    // A server that never sleeps is the fault of another criterion.
    expect_asleep(&mut run, "nobody").map_err(|error| error.depends_on("idle"))?;
    expect_waits(&mut run)?;
    if let Some(room) = reads_late::check(&mut run, &mut other, &mut random)? {
        no_room::check(&mut run, &mut random, room)?;
    }
    let (left, sent) = shuts_down::check(&mut run, &mut random)?;
    let leaving = Leaving { client: &left, sent: &sent, has_shut_down: true };
    other.expect_next_served(&mut run, &leaving)?;
    let silent = match never_reads::check(&mut run, &mut other) {
        // epoll reports a connection that was reset for as long as its socket is open (epoll(7)).
        Err(error) if run.has_socket_of(&left)? => return Err(error.depends_on("watch-set")),
        checked => checked?,
    };
    let leaving = Leaving { client: &silent, sent: &never_reads::CHUNK, has_shut_down: false };
    other.expect_next_served(&mut run, &leaving)
}

/// The server must wait for its clients. A server that looks for work again and again is the fault
/// of another criterion, and here each step would take long.
fn expect_waits(run: &mut TestRun) -> Result<(), CheckError> {
    if !waiting_calls(run)?.is_empty() {
        return Ok(());
    }
    let failure = Failure {
        id: "not-waiting",
        mistake: None,
        summary: "The server sleeps, and does not wait for its clients.".to_owned(),
        expected: "a thread that waits for the listener and the clients".to_owned(),
        observed: run.server.calls()?.join(", "),
    };
    Err(run.fail_now(failure).depends_on("idle"))
}

const LINE: &[u8] = b"hello\n";

/// A client that reads, and that the other client must not delay.
struct Other {
    client: NamedClient,
    /// The number of lines that the client has sent.
    lines: usize,
    /// Whether the server has written bytes for this client.
    answers: bool,
}

impl Other {
    /// Sends a line, and waits until the server has read it. If the server writes back, waits for
    /// its bytes, too.
    fn expect_served(&mut self, run: &mut TestRun) -> Result<(), CheckError> {
        let (name, connection) = (self.client.name.clone(), self.client.connection.clone());
        run.step(format!("{name} sent \"hello\\n\""));
        let before = connection.received().len();
        let _ = connection.send(LINE);
        self.lines += 1;
        let answers = self.answers;
        let served = run.server.wait_for(|now| {
            let has_answer = connection.received().len() > before;
            let socket = now.connection(&connection)?;
            let is_read = socket.is_some_and(|it| it.unread == 0 && it.received > 0);
            Ok((is_read && (has_answer || !answers)).then_some(()))
        });
        served.map_err(|wait_error| not_served(run, &name, wait_error))?;
        // A server may read and write back in two steps. Wait until it is idle.
        if !answers {
            let _ = run.check_alive();
            self.answers = connection.received().len() > before;
        }
        Ok(())
    }

    /// A client leaves, and output may be pending for it. It is logged, and the next client gets its
    /// slot. If the server echoes, checks that the next client is served: the server has sent this
    /// client its own lines, and nothing else.
    fn expect_next_served(
        &self,
        run: &mut TestRun,
        leaving: &Leaving<'_>,
    ) -> Result<(), CheckError> {
        let is_echo = |other: &Self| other.client.connection.received() == LINE.repeat(other.lines);
        // The last line may still come back.
        if !is_echo(self) {
            let _ = run.check_alive();
        }
        next_client::check(run, leaving, is_echo(self))
    }
}

/// A client closes its connection, so that its slot is free for the clients of the next step.
fn free_slot(run: &mut TestRun, client: &NamedClient) {
    run.step(format!("{} {}", client.name, Departure::Close.text()));
    client.connection.close();
    let _ = run.wait_closed(client);
}

/// Connects the client that does not read. The kernel stores few bytes for it.
fn connect_slow(run: &mut TestRun) -> Result<NamedClient, CheckError> {
    let client = run.connect_with(Server::connect_with_small_buffer)?;
    let connection = client.connection.clone();
    match run.server.wait_for(|now| now.descriptor_of(&connection)) {
        Ok(_) => Ok(client),
        Err(wait_error) => Err(run.not_accepted(&client, wait_error)),
    }
}

/// The failure of a server that does not serve a client which reads, because another client does
/// not read.
fn not_served(run: &mut TestRun, name: &str, wait_error: WaitError) -> CheckError {
    let is_alone = run.clients.len() == 1;
    let summary = match &wait_error {
        WaitError::Ended(_) => format!("The server ended when {name} sent a line."),
        _ if is_alone => format!("{name} sent a line, and is not served."),
        _ => format!("Another client does not read, and {name} is not served."),
    };
    let failure = Failure {
        id: "late-reader-delays",
        mistake: diagnosis::of(run, &wait_error),
        summary,
        expected: format!("{name}'s line is read"),
        observed: wait_error.to_string(),
    };
    let is_blocking = failure.mistake == Some("blocking-client");
    let error = run.fail(wait_error, failure);
    if is_blocking { error.depends_on("nonblocking") } else { error }
}

/// Waits until the server is asleep. A server that repeats calls for a client that does not read
/// burns a processor.
fn expect_asleep(run: &mut TestRun, name: &str) -> Result<(), CheckError> {
    let Err(wait_error) = run.server.wait_asleep() else { return Ok(()) };
    let failure = Failure {
        id: "late-reader-costs",
        mistake: diagnosis::of(run, &wait_error),
        summary: match &wait_error {
            WaitError::Ended(_) => format!("The server ended when {name} did not read."),
            _ => format!("{name} does not read, and the server does not go to sleep."),
        },
        expected: format!("the server sleeps until {name} reads"),
        observed: wait_error.to_string(),
    };
    Err(run.fail(wait_error, failure))
}
