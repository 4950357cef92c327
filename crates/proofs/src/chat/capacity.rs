//! The criterion that a full room rejects clients, and serves its members.

mod many_members;

use super::chat_run::hearing::quoted;
use super::chat_run::said;
use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use crate::shared::diagnosis;
use crate::test_run::TestRun;
use crate::tracker::capacity_with;
use fastrand::Rng;
use witness::WaitError;

/// As [`crate::tracker::capacity`]. In addition, each member of the full room gets what another one says,
/// also the member in the last slot, and is told nothing of a client that is rejected. In a room with many
/// members, all others get what a member says, too.
pub(crate) fn capacity(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut random = context.random("capacity");
    let when_full = |run: &mut TestRun, members: &[NamedClient]| {
        expect_all_hear(run, members, &mut random)?;
        Ok(lengths(run, members))
    };
    capacity_with(context, when_full, expect_silence)?;
    many_members::check(context, &mut random)
}

/// The number of bytes that each member has got when the server is idle.
fn lengths(run: &mut TestRun, members: &[NamedClient]) -> Vec<usize> {
    let _ = run.server.wait_asleep();
    members.iter().map(|it| it.connection.received().len()).collect()
}

/// No member may have got more than these numbers of bytes since clients were rejected.
fn expect_silence(
    run: &mut TestRun,
    members: &[NamedClient],
    before: Vec<usize>,
) -> Result<(), CheckError> {
    let _ = run.server.wait_asleep();
    let news = members.iter().zip(before).map(|(it, from)| (it, it.connection.received_from(from)));
    let Some((member, bytes)) = news.into_iter().find(|(_, bytes)| !bytes.is_empty()) else {
        return Ok(());
    };
    let (name, full) = (&member.name, format!("{0} of {0} slots are in use", run.capacity));
    Err(run.fail_now(Failure {
        id: "rejected-announced",
        mistake: None,
        summary: format!("{full}, clients were rejected, and {name} was sent something then."),
        expected: "nobody is told of a client that is rejected".to_owned(),
        observed: format!("{name} got {}", quoted(&bytes)),
    }))
}

/// A line that a member of the full room did not get.
struct Lost {
    wait_error: WaitError,
    speaker: String,
    hearer: String,
    line: Vec<u8>,
}

/// The member that came first says something, and then the one that came last. All others must get it.
fn expect_all_hear(
    run: &mut TestRun,
    members: &[NamedClient],
    random: &mut Rng,
) -> Result<(), CheckError> {
    if members.len() < 2 {
        return Ok(());
    }
    let (mut lost, mut is_heard) = (None, false);
    for speaker in [0, members.len() - 1] {
        // What the room says about those who have come must not come in between.
        let _ = run.server.wait_asleep();
        let letters = (0..random.usize(10..40)).map(|_| random.lowercase() as u8);
        let line: Vec<u8> = letters.chain([b'\n']).collect();
        let Some(fd) = run.server.descriptor_of(&members[speaker].connection)? else {
            return Ok(()); // a member that was closed has its own failure
        };
        let name = &members[speaker].name;
        run.step(format!("{name} sent {}", quoted(&line)));
        let line_said = said(fd, &line);
        let others = members.iter().filter(|it| it.name != *name);
        let others: Vec<_> = others.map(|it| (it, it.connection.received().len())).collect();
        let has_heard = |(other, from): &(&NamedClient, usize)| {
            let received = other.connection.received_from(*from);
            received.windows(line_said.len()).any(|bytes| bytes == line_said)
        };
        let _ = members[speaker].connection.send(&line);
        let heard = run.server.wait_for(|_| Ok(others.iter().all(has_heard).then_some(())));
        is_heard |= others.iter().any(has_heard);
        if let Err(wait_error) = heard
            && lost.is_none()
            && let Some((hearer, _)) = others.iter().find(|it| !has_heard(it))
        {
            let (speaker, hearer) = (name.clone(), hearer.name.clone());
            lost = Some(Lost { wait_error, speaker, hearer, line: line_said });
        }
    }
    lost.map_or(Ok(()), |lost| Err(not_heard(run, lost, is_heard)))
}

/// The failure of a room that does not pass on a line to all members when it is full. `is_heard` is
/// whether other members have got a line.
fn not_heard(run: &mut TestRun, lost: Lost, is_heard: bool) -> CheckError {
    let Lost { wait_error, speaker, hearer, line } = lost;
    let is_idle = matches!(wait_error, WaitError::Idle { .. });
    let left_out = (is_idle && is_heard).then_some("member-left-out");
    let full = format!("{0} of {0} slots are in use", run.capacity);
    let failure = Failure {
        id: "line-missing",
        mistake: diagnosis::of(run, &wait_error).or(left_out),
        summary: match &wait_error {
            WaitError::Ended(_) => {
                format!("The server ended when {speaker} sent a line, while {full}.")
            }
            _ => format!("{full}, and {hearer} did not get what {speaker} said."),
        },
        expected: format!("{hearer} gets {}", quoted(&line)),
        observed: match &wait_error {
            WaitError::Idle { .. } => format!("{hearer} did not get it, and the server is idle"),
            other => other.to_string(),
        },
    };
    let error = run.fail(wait_error, failure);
    if is_heard { error } else { error.depends_on("broadcast") }
}
