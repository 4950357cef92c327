//! A table that is full.

use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::log_event::LogEvent;
use crate::named_client::NamedClient;
use crate::shared::diagnosis;
use crate::test_run::TestRun;
use witness::Stuck;

/// With MAX_CLIENTS=2 the third client is accepted, then closed, and `[REJECT] at capacity (2/2)`
/// is logged; the two still have their bytes read; when one leaves, the next is let in.
pub(crate) fn capacity(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start_with(2, Default::default())?;
    let mut inside = Vec::new();
    for _ in 0..run.capacity {
        inside.push(let_in(&mut run)?);
    }
    turn_away(&mut run)?;
    for client in [inside.first(), inside.last()].into_iter().flatten() {
        still_served(&mut run, client)?;
    }
    let Some(first) = inside.first() else { return Ok(()) };
    run.step(format!("{} closed", first.name));
    first.connection.close();
    // Its place is free when the log says so, or when its descriptor is closed.
    if run.wait_logged(|event| matches!(event, LogEvent::Disconnect { .. }).then_some(())).is_err()
        && let Err(wait_error) = run.wait_released(first)
    {
        return Err(stays_full(&mut run, first, wait_error));
    }
    let next = run.connect()?;
    match has_entered(&mut run, &next) {
        Ok(true) => tracked(&mut run, &next),
        Ok(false) => Err(stays_full(&mut run, first, Stuck::Quiet { calls: Vec::new() })),
        Err(wait_error) => Err(stays_full(&mut run, first, wait_error)),
    }
}

/// One of those that there is room for.
fn let_in(run: &mut TestRun) -> Result<NamedClient, CheckError> {
    let client = run.connect()?;
    match has_entered(run, &client) {
        Ok(true) => tracked(run, &client).map(|()| client),
        Ok(false) => Err(too_early(run, &client)),
        Err(wait_error) => Err(run.not_accepted(&client, wait_error)),
    }
}

/// Whether the server has a descriptor for it, or has turned it away. One that ends closes its
/// connections, too.
fn has_entered(run: &mut TestRun, client: &NamedClient) -> Result<bool, Stuck> {
    let connection = client.connection.clone();
    let entered = run.server.until(|now| match connection.ended() {
        Some(_) => Ok(Some(false)),
        None => Ok(now.descriptor_of(&connection)?.map(|_| true)),
    })?;
    if !entered {
        run.check_alive()?;
    }
    Ok(entered)
}

/// An open descriptor is not yet a place in the table: the log has to say so, or say no.
fn tracked(run: &mut TestRun, client: &NamedClient) -> Result<(), CheckError> {
    let logged_text = run.wait_logged(|event| match event {
        LogEvent::Accept { .. } => Some(true),
        LogEvent::Reject => Some(false),
        _ => None,
    });
    match logged_text {
        Ok(true) => Ok(()),
        Ok(false) => Err(too_early(run, client)),
        Err(wait_error) => Err(run.not_accepted(client, wait_error)),
    }
}

fn too_early(run: &mut TestRun, client: &NamedClient) -> CheckError {
    let observed = run.logged_text();
    let capacity = run.capacity;
    run.fail_now(Failure {
        id: "rejects-too-early",
        mistake: Some("off-by-one"),
        summary: format!("{} was turned away while one of {capacity} slots was free.", client.name),
        expected: format!("{} is let in", client.name),
        observed,
    })
}

/// The one too many: it reads an end of file, and the log says why.
fn turn_away(run: &mut TestRun) -> Result<(), CheckError> {
    let extra = run.connect()?;
    let from = run.server.log().len();
    let counts = format!("({0}/{0})", run.capacity);
    let connection = extra.connection.clone();
    let rejected = run.server.until(|now| {
        let logged_text = now.log()[from.min(now.log().len())..].iter().any(|line| {
            line.text.starts_with("[REJECT] at capacity ") && line.text.contains(&counts)
        });
        let tracked = now.log()[from..].iter().any(|line| line.tag() == Some("ACCEPT"));
        Ok(if tracked {
            Some(false)
        } else {
            (logged_text && connection.ended().is_some()).then_some(true)
        })
    });
    let wait_error = match rejected {
        Ok(true) => return Ok(()),
        Ok(false) => None,
        Err(wait_error) => Some(wait_error),
    };
    Err(not_turned_away(run, &extra, wait_error))
}

fn not_turned_away(
    run: &mut TestRun,
    extra: &NamedClient,
    wait_error: Option<Stuck>,
) -> CheckError {
    let name = &extra.name;
    let full = format!("{0} of {0} slots are in use", run.capacity);
    let waiting = run.server.listener().ok().flatten().is_some_and(|listener| listener.unread > 0);
    let closed = extra.connection.ended().is_some();
    let logged_text =
        run.wait_logged(|event| matches!(event, LogEvent::Reject).then_some(())).is_ok();
    let (id, mistake, summary) = match &wait_error {
        None => {
            ("lets-in-too-many", Some("off-by-one"), format!("{name} was let in although {full}."))
        }
        Some(Stuck::Ended(_)) => (
            "ended-when-full",
            Some("full-ends-server"),
            format!("The server ended when {name} came and {full}."),
        ),
        Some(_) if waiting => (
            "not-accepted-when-full",
            Some("stops-accepting"),
            format!("{full}, and {name} is left in the listener's queue."),
        ),
        Some(_) if !closed && logged_text => (
            "rejected-not-closed",
            Some("reject-not-closed"),
            format!("{name} was turned away, and its connection is still open."),
        ),
        Some(_) if !closed => (
            "not-rejected",
            Some("reject-not-closed"),
            format!("{full}, and {name} was neither tracked nor closed."),
        ),
        Some(_) => (
            "reject-not-logged",
            None,
            format!("{name} was turned away, and the log does not say so."),
        ),
    };
    let expected =
        format!("{name} reads an end of file, and [REJECT] at capacity ({0}/{0})", run.capacity);
    let observed = format!(
        "{name} {}, and {}",
        if closed { "reads an end of file" } else { "is still connected" },
        run.logged_text()
    );
    let failure = Failure { id, mistake, summary, expected, observed };
    match wait_error {
        Some(wait_error) => run.fail(wait_error, failure),
        None => run.fail_now(failure),
    }
}

/// One of those inside speaks, and the server reads it.
fn still_served(run: &mut TestRun, client: &NamedClient) -> Result<(), CheckError> {
    let name = &client.name;
    run.step(format!("{name} sent \"still here\""));
    let sent = client.connection.send(b"still here\n");
    let connection = client.connection.clone();
    let read = run.server.until(|now| {
        let socket = now.connection(&connection)?;
        Ok(socket.filter(|it| it.unread == 0 && it.received > 0).map(drop))
    });
    let wait_error = match (read, sent) {
        (Ok(()), Ok(_)) if client.connection.ended().is_none() => return Ok(()),
        (Err(wait_error), _) => wait_error,
        _ => Stuck::Quiet { calls: Vec::new() },
    };
    let failure = Failure {
        id: "not-read-when-full",
        mistake: diagnosis::of(run, &wait_error),
        summary: format!("A client was turned away, and {name}, who is in, is not served."),
        expected: format!("{name} is connected, and its bytes are read"),
        observed: wait_error.to_string(),
    };
    Err(run.fail(wait_error, failure))
}

fn stays_full(run: &mut TestRun, left: &NamedClient, wait_error: Stuck) -> CheckError {
    let observed = run.logged_text();
    let failure = Failure {
        id: "stays-full",
        mistake: diagnosis::of(run, &wait_error).or(Some("slot-never-freed")),
        summary: format!("{} left, and nobody is let in after it.", left.name),
        expected: "the next client is let in".to_owned(),
        observed,
    };
    run.fail(wait_error, failure)
}
