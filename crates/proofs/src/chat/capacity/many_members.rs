//! A room with many members.

use crate::chat::chat_run::hearing::quoted;
use crate::chat::chat_run::said;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use crate::shared::diagnosis;
use crate::test_run::TestRun;
use fastrand::Rng;
use witness::{Server, WaitError};

/// The number of slots and of members. The last members have descriptors from 100 on.
const SLOTS: usize = 110;
const MEMBERS: usize = 105;
/// The number of descriptors that a server may need besides those of the members.
const OTHERS: u64 = 40;

/// The last of many members says something, and then the first. All others must get both. A room with few
/// slots built in cannot be asked, and neither can one with few descriptors.
pub(super) fn check(context: &CheckContext<'_>, random: &mut Rng) -> Result<(), CheckError> {
    if context.capacity(SLOTS) < MEMBERS {
        return Ok(());
    }
    let mut run = context.start_with(SLOTS, Default::default())?;
    if run.server.process().descriptor_limit()? < MEMBERS as u64 + OTHERS {
        return Ok(());
    }
    let members = fill(&mut run)?;
    for speaker in [MEMBERS - 1, 0] {
        speak(&mut run, &members, speaker, random)?;
    }
    Ok(())
}

/// Clients come, as many at once as the backlog has room for.
fn fill(run: &mut TestRun) -> Result<Vec<NamedClient>, CheckError> {
    run.step(format!("{MEMBERS} clients connected"));
    let (mut members, batch) = (Vec::new(), run.batch_size()?);
    while members.len() < MEMBERS {
        for _ in 0..batch.min(MEMBERS - members.len()) {
            members.push(run.add_client(Server::connect)?);
        }
        let count = members.len();
        let accepted = run.server.wait_for(|now| {
            let lines = now.log().iter().filter(|line| line.tag() == Some("ACCEPT"));
            Ok((lines.count() >= count).then_some(()))
        });
        if let Err(wait_error) = accepted {
            return Err(not_accepted(run, count, wait_error));
        }
    }
    Ok(members)
}

/// The member with this index says something. What all others get last must be this.
fn speak(
    run: &mut TestRun,
    members: &[NamedClient],
    speaker: usize,
    random: &mut Rng,
) -> Result<(), CheckError> {
    // What the room says about those who have come is not shown with the line.
    let _ = run.server.wait_asleep();
    let (name, connection) = (&members[speaker].name, &members[speaker].connection);
    let Some(fd) = run.server.descriptor_of(connection)? else {
        return Err(run.fail_now(Failure {
            id: "member-closed",
            mistake: None,
            summary: format!(
                "{MEMBERS} clients were let in, and the server has no descriptor for {name}."
            ),
            expected: format!("{name} stays connected"),
            observed: format!("no descriptor of the server is connected to {name}"),
        }));
    };
    let letters = (0..random.usize(10..40)).map(|_| random.lowercase() as u8);
    let line: Vec<u8> = letters.chain([b'\n']).collect();
    let wanted = said(fd, &line);
    run.step(format!("{name} sent {}", quoted(&line)));
    let others = members.iter().filter(|it| it.name != *name);
    let others: Vec<_> = others.map(|it| (it, it.connection.received().len())).collect();
    let heard = |(other, from): &(&NamedClient, usize)| other.connection.received_from(*from);
    let _ = connection.send(&line);
    let is_told = |other: &(&NamedClient, usize)| heard(other).ends_with(&wanted);
    let told = run.server.wait_for(|_| Ok(others.iter().all(is_told).then_some(())));
    let Err(wait_error) = told else { return Ok(()) };
    let other = others.iter().find(|it| !is_told(it)).unwrap_or(&others[0]);
    let (hearer, bytes) = (&other.0.name, heard(other));
    let failure = Failure {
        id: "many-members",
        mistake: diagnosis::of(run, &wait_error),
        summary: match &wait_error {
            WaitError::Ended(_) => {
                format!("{MEMBERS} members are in the room, and the server ended.")
            }
            _ if bytes.is_empty() => format!(
                "{MEMBERS} members are in the room, and {hearer} did not get what {name} said."
            ),
            _ => format!(
                "{MEMBERS} members are in the room, and {hearer} got another line than expected."
            ),
        },
        expected: format!("{hearer} gets {}", quoted(&wanted)),
        observed: match &wait_error {
            WaitError::Idle { .. } if bytes.is_empty() => {
                format!("{hearer} got nothing, and the server is idle")
            }
            WaitError::Idle { .. } => format!("{hearer} got {}", quoted(&bytes)),
            other => other.to_string(),
        },
    };
    Err(run.fail(wait_error, failure))
}

/// The failure of a server that does not let in all clients, although slots are free.
fn not_accepted(run: &mut TestRun, count: usize, wait_error: WaitError) -> CheckError {
    let failure = Failure {
        id: "not-all-accepted",
        mistake: diagnosis::of(run, &wait_error),
        summary: match &wait_error {
            WaitError::Ended(_) => format!("The server ended when {count} clients had connected."),
            _ => format!(
                "{count} clients have connected to a server with {} slots, and not all are members.",
                run.capacity
            ),
        },
        expected: format!("{count} lines [ACCEPT]"),
        observed: wait_error.to_string(),
    };
    run.fail(wait_error, failure)
}
