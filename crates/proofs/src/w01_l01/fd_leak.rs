//! The criterion that no descriptor of a client that has left stays open.

use super::{diagnosis, echo, reset};
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use crate::shared::departure::Departure;
use crate::shared::fd_leaks::{connect_unnamed, kept_socket};
use crate::test_run::TestRun;
use witness::{Server, Target, Unobservable, WaitError};

/// The number of rounds. The descriptors are counted after each round.
const ROUNDS: usize = 3;
/// The number of pairs of clients in a round. In a round, each kind of departure of the first client
/// is combined with each kind of departure of the second client.
const PAIRS: usize = 9;
/// The number of clients that connect and leave.
const CLIENTS: usize = ROUNDS * PAIRS * 2;
/// A server leaks if it has at least this many more descriptors after each round than before it. In
/// each round, six clients leave by each kind of departure, and three of these six before the server
/// has accepted them.
const LEAK: usize = 3;
/// The end of a sentence about a client that leaves.
const SILENT: &str = " without having sent a byte";

/// The server closes the descriptor of each client that leaves.
///
/// What a language's runtime opens for itself is no leak: a pair of sockets, a pipe, a file. The
/// runtime opens them once, and not for each client. Therefore the descriptors are compared after
/// each of three rounds of clients.
pub(super) fn no_fd_leak(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;

    // Connect one client for each kind of departure.
    for departure in Departure::ALL {
        let client = echo::connect_served(&mut run)?;
        leave(&mut run, &client, (departure, ""))?;
    }
    for departure in Departure::ALL {
        let client = echo::connect(&mut run)?;
        leave(&mut run, &client, (departure, SILENT))?;
    }

    // Connect and disconnect many clients, two at a time.
    run.step(format!(
        "{CLIENTS} clients connected, and left by FIN, RST or half-close, some before they were served"
    ));
    let mut counts = Vec::new();
    for round in 0..ROUNDS {
        for pair in 0..PAIRS {
            connect_two(&mut run, round * PAIRS + pair)?;
        }
        counts.push(count_after_round(&mut run)?);
    }
    expect_no_growth(&mut run, &counts)
}

/// The client leaves, and the server must close the client's descriptor. `what` is the end of a
/// sentence about the client.
fn leave(
    run: &mut TestRun,
    client: &NamedClient,
    (departure, what): (Departure, &str),
) -> Result<(), CheckError> {
    // Wait until the server has accepted the client, and has sent its whole answer. If bytes arrived
    // after the client's close(2), the client's kernel would send a reset, not a FIN.
    let _ = run.check_alive();
    run.step(format!("{} {}{what}", client.name, departure.text()));
    departure.apply(&client.connection);
    let released = run.wait_released(client);
    released.map_err(|wait_error| not_closed(run, client, wait_error, (departure, what)))
}

/// Connects two clients. The first client is served while the second client waits. Then both
/// clients leave. The second client leaves before the server has served this client.
fn connect_two(run: &mut TestRun, pair: usize) -> Result<(), CheckError> {
    let served = connect_or_depend(run)?;
    let _ = served.send(b"hello\n");
    let answered = run
        .server
        .wait_for(|_| Ok((served.received().len() >= 6 || served.ended().is_some()).then_some(())));
    answered.map_err(|wait_error| stopped_serving(run, wait_error, 2 * pair))?;
    let waiting = connect_or_depend(run)?;
    let _ = waiting.send(b"I wait\n");
    Departure::ALL[pair % 3].apply(&waiting);
    // Segments of different connections may overtake each other.
    let _ = run.server.wait_delivered();
    Departure::ALL[(pair / 3) % 3].apply(&served);
    // A backlog may hold only one client. Therefore the queue must be empty before the next round.
    let is_queue_empty = |now: &mut Server| {
        let queued = now.listener()?.map_or(0, |listener| listener.unread);
        Ok((queued == 0).then_some(()))
    };
    run.server
        .wait_for(is_queue_empty)
        .map_err(|wait_error| stopped_serving(run, wait_error, 2 * pair + 1))
}

/// Connects one of many clients. If the client cannot connect, another criterion reports this
/// failure.
fn connect_or_depend(run: &mut TestRun) -> Result<witness::Client, CheckError> {
    connect_unnamed(run).map_err(|error| {
        let id = if run.server.exit().is_some() { "reset" } else { "next-client" };
        error.independent().depends_on(id)
    })
}

/// The number of the server's descriptors, once the server has closed what it closes.
fn count_after_round(run: &mut TestRun) -> Result<usize, CheckError> {
    match run.server.wait_idle() {
        Err(wait_error @ (WaitError::Ended(_) | WaitError::Spinning(_))) => {
            Err(stopped_serving(run, wait_error, CLIENTS))
        }
        Err(WaitError::Unobservable(unseen)) => Err(unseen.into()),
        _ => Ok(run.server.descriptors()?.len()),
    }
}

/// The counts must not have grown in each round.
fn expect_no_growth(run: &mut TestRun, counts: &[usize]) -> Result<(), CheckError> {
    let grows = counts.windows(2).all(|pair| pair[1] >= pair[0] + LEAK);
    if !grows {
        return Ok(());
    }
    let sockets = count_sockets(&run.server)?;
    let texts: Vec<_> = counts.iter().map(usize::to_string).collect();
    let last = texts.last().cloned().unwrap_or_default();
    let failure = Failure {
        id: "fd-leak",
        mistake: (sockets > LEAK).then_some("forgot-close"),
        summary: format!(
            "Every client has left, and the server has more descriptors after each round: {last}."
        ),
        expected: format!("as many descriptors after {CLIENTS} clients as after the first of them"),
        observed: format!(
            "{} descriptors after {} clients each; {sockets} of the last are sockets",
            texts.join(", "),
            PAIRS * 2
        ),
    };
    Err(diagnosis::fail(run, None, failure))
}

/// The number of the server's descriptors that are sockets.
fn count_sockets(server: &Server) -> Result<usize, Unobservable> {
    let open = server.descriptors()?;
    Ok(open.iter().filter(|it| matches!(it.target, Target::Socket(_))).count())
}

fn stopped_serving(run: &mut TestRun, wait_error: WaitError, served: usize) -> CheckError {
    let failure = Failure {
        id: "stopped-serving",
        mistake: None,
        summary: format!(
            "After {served} of {CLIENTS} clients had connected and left, the server serves no more."
        ),
        expected: format!("{CLIENTS} clients are served"),
        observed: wait_error.to_string(),
    };
    // If the server has ended, it ended because of a reset. The criterion `reset` reports this
    // failure.
    let has_ended = matches!(wait_error, WaitError::Ended(_));
    let error = diagnosis::fail(run, Some(wait_error), failure);
    if has_ended { error.depends_on("reset") } else { error }
}

/// The failure of a server that keeps the descriptor of a client that has left.
fn not_closed(
    run: &mut TestRun,
    client: &NamedClient,
    wait_error: WaitError,
    (departure, what): (Departure, &str),
) -> CheckError {
    match (&wait_error, departure) {
        (WaitError::Ended(_), Departure::Reset) => {
            reset::ended_by_reset(run, client, wait_error, "read-reset").depends_on("reset")
        }
        (WaitError::Ended(_), _) => reset::ended_by_departure(run, client, wait_error),
        _ => {
            let kept = kept_socket(client, Some("forgot-close"), "it is still open".to_owned());
            let summary =
                format!("{} left{what}, and the server never closed its socket.", client.name);
            let failure = Failure { summary, ..kept };
            diagnosis::fail(run, Some(wait_error), failure)
        }
    }
}
