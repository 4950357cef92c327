//! The criterion that a server keeps no descriptor of a client that has left.

mod departing;
mod queued;
mod rejecting;
mod rounds;

use super::departure::Departure;
use super::descriptors::socket_inodes;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use crate::test_run::{MAX_BATCH, TestRun};
use departing::{depart, depart_before_answer, expect_survives_pause};
use rounds::{Round, connect_and_leave};
use std::time::{Duration, Instant};
use witness::{Client, Server, Unobservable, WaitError};

/// The number of clients in each round.
const ROUND: usize = 100;
/// The maximum number of slots that this check fills. The criterion `capacity` fills the table of
/// every server.
const LARGEST_FILLED: usize = 100;
/// The number of slots in which the clients of the rounds have room.
const FEW_SLOTS: usize = MAX_BATCH + 1;
/// The number of slots that are filled in the lesson about poll, too: more than its servers have by
/// default, and so many that a descriptor's number is greater than 255.
const MANY_SLOTS: usize = 260;
/// The maximum time of the rounds of a server whose many slots are filled.
const LONGEST_ROUNDS: Duration = Duration::from_secs(2);

/// The server has the same descriptors before and after its clients. Some clients leave by FIN, by
/// RST and by half-close, 200 clients connect and leave, one is gone before the server accepts it, two
/// are gone before the server answers, and one client is rejected.
///
/// The sockets of the clients must all be closed. A server, or the run-time of its language, may
/// open other files at any time. Such files are a leak only if their number grows with each round
/// of clients.
pub(crate) fn no_fd_leak(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let begun = Instant::now();
    let mut run = leave_in_rounds(context)?;
    let is_slow = begun.elapsed() > LONGEST_ROUNDS;
    expect_survives_pause(&mut run)?;
    queued::reset_in_queue(&mut run)?;
    for first in [Departure::Reset, Departure::HalfClose] {
        depart_before_answer(&mut run, first)?;
    }
    // The time of the criterion is not enough for hundreds of clients of a slow server.
    if context.lesson.id == "w03-l02" && run.capacity == FEW_SLOTS && !is_slow {
        drop(run); // it has the port
        run = start_with_many(context)?;
    }
    reject_one(&mut run)
}

/// Starts a server with many slots. The largest number for MAX_CLIENTS is the program's own choice, so
/// it may refuse this one.
fn start_with_many(context: &CheckContext<'_>) -> Result<TestRun, CheckError> {
    match context.start_with(MANY_SLOTS, Default::default()) {
        Err(CheckError::Failed(_) | CheckError::Blocked { .. }) => {
            context.start_with(FEW_SLOTS, Default::default())
        }
        started => started,
    }
}

/// As [`no_fd_leak`], with clients that send nothing: the lesson's server reads lines in a later task.
pub(crate) fn no_fd_leak_of_silent_clients(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = leave_in_rounds(context)?;
    reject_one(&mut run)
}

/// Starts a server. Clients leave one by one, and then in two rounds.
fn leave_in_rounds(context: &CheckContext<'_>) -> Result<TestRun, CheckError> {
    let mut run = context.start_with(FEW_SLOTS, Default::default())?;
    for departure in Departure::ALL {
        depart(&mut run, departure)?;
    }
    let total = 2 * ROUND;
    run.step("clients connected, and left by FIN, RST or half-close");
    let mut round = Round { served: Departure::ALL.len(), total };
    let first = connect_and_leave(&mut run, &mut round)?;
    let second = connect_and_leave(&mut run, &mut round)?;
    expect_no_growth(&mut run, &mut round, [first, second])?;
    Ok(run)
}

/// One client is rejected, if the table can be filled.
fn reject_one(run: &mut TestRun) -> Result<(), CheckError> {
    match run.capacity <= LARGEST_FILLED || run.capacity == MANY_SLOTS {
        true => rejecting::fill_and_reject(run),
        false => Ok(()),
    }
}

/// Checks that the number of files which are no client's does not grow with each round of clients.
fn expect_no_growth(
    run: &mut TestRun,
    round: &mut Round,
    [first, second]: [usize; 2],
) -> Result<(), CheckError> {
    if second <= first {
        return Ok(());
    }
    let third = connect_and_leave(run, round)?;
    if third <= second {
        return Ok(());
    }
    let observed = format!("{first}, then {second}, then {third} descriptors without clients");
    Err(run.fail_now(Failure {
        id: "fd-leak",
        mistake: Some("leaks-file"),
        summary: format!(
            "With each {ROUND} clients that came and left, the server has more descriptors open."
        ),
        expected: "as many descriptors as before".to_owned(),
        observed,
    }))
}

/// The number of clients that the server has a descriptor for.
pub(crate) fn count_open(server: &Server, clients: &[Client]) -> Result<usize, Unobservable> {
    // The server's socket has an inode when accept has returned it.
    for client in clients.iter().filter(|client| client.inode().is_none()) {
        server.connection(client)?;
    }
    let open = socket_inodes(server)?;
    let is_open = |client: &&Client| client.inode().is_some_and(|inode| open.contains(&inode));
    Ok(clients.iter().filter(is_open).count())
}

/// The failure of a server that keeps the socket of a client that has left.
pub(crate) fn kept_socket(
    client: &NamedClient,
    mistake: Option<&'static str>,
    observed: String,
) -> Failure {
    Failure {
        id: "fd-leak",
        mistake,
        summary: format!("{} left, and the server never closed its socket.", client.name),
        expected: format!("{}'s descriptor is closed", client.name),
        observed,
    }
}

/// The failure of a server that has `left` more descriptors after its clients than before them.
pub(crate) fn more_descriptors(
    left: usize,
    mistake: Option<&'static str>,
    wait_error: &WaitError,
) -> Failure {
    Failure {
        id: "fd-leak",
        mistake,
        summary: format!("Every client has left; descriptors that stayed open: {left}."),
        expected: "the same descriptors as before the first client".to_owned(),
        observed: match wait_error {
            WaitError::Ended(_) => wait_error.to_string(),
            _ => format!("{left} more"),
        },
    }
}

/// Connects one of many clients. This client has no name in the steps.
pub(crate) fn connect_unnamed(run: &mut TestRun) -> Result<Client, CheckError> {
    run.server.connect().map_err(|error| run.no_connection("one of them", &error))
}
