//! Members that never read.

mod behind_the_gap;

use super::{SPEAKER, delayed, join_slow, next_slow, room_again, speak};
use crate::chat::chat_run::hearing::{quoted, unheard};
use crate::chat::chat_run::{ChatRun, Member, disconnected, said};
use crate::chat::transcript::Transcript;
use crate::check_error::{CheckError, Failure};
use crate::shared::memory::memory;
use std::collections::HashSet;
use witness::WaitError;

/// The maximum number of bytes in the lines that the speaker sends at a time.
const PIECE: usize = 64 << 10;
/// The length of a line in bytes. With short lines, the memory that a server uses for each message in
/// addition to the text is visible, too. With even shorter lines, the run-time of a language would
/// use more memory than the text: it needs some hundred bytes for each message.
const LINE: usize = 512;
/// The number of bytes after which the server must have dropped a member that never reads. The
/// kernel stores less than 100 KiB for it, and the server at most 1 MiB.
const MAX_SENT: usize = 3 << 20;
/// The number of bytes after which the server must have dropped the member as soon as it is idle: what the
/// kernel and the server may store for it. A server that drops it later does so because of an event of the
/// member.
const OVERDUE: usize = (1 << 20) + (128 << 10);
/// After this number of pieces, the kernels are full, and a server may keep what is pending.
const FULL: usize = 2;
/// How often the kernels may take more bytes after an acknowledgement.
const MAX_ACKNOWLEDGED: usize = 10;
/// The maximum growth of the server's memory for one member, in bytes.
const MAX_GROWTH: u64 = 1 << 20;
/// The number of members that never read, if one of them has made the server grow too much. The
/// memory of a language's run-time also grows for other reasons, but not for each member.
const SEVERAL: usize = 4;

/// A member never reads. It is dropped, the others are told, and the server's memory has grown by at
/// most 1 MiB.
pub(super) fn check(chat: &mut ChatRun) -> Result<(), CheckError> {
    let cost = drop_slow(chat, 1)?;
    let room = chat.run.capacity - chat.members.len();
    if cost.growth <= MAX_GROWTH || room == 0 {
        return expect_free_again(chat);
    }
    let again = drop_slow(chat, room.min(SEVERAL))?;
    if again.growth <= MAX_GROWTH {
        return expect_free_again(chat);
    }
    Err(too_much(chat, if again.growth < cost.growth { again } else { cost }))
}

/// The slot of a dropped member is free, and has nothing of it.
fn expect_free_again(chat: &mut ChatRun) -> Result<(), CheckError> {
    next_slow::check(chat)?;
    room_again::check(chat)
}

/// What a member that never reads costs until the server drops it, in bytes.
struct Cost {
    /// The growth of the server's memory.
    growth: u64,
    /// The length of the lines that were said.
    said: u64,
}

/// The failure of a server that drops a member, and has grown too much before.
fn too_much(chat: &mut ChatRun, Cost { growth, said }: Cost) -> CheckError {
    let (kib, said_kib) = (growth >> 10, said >> 10);
    // If the memory is much more than the text, what is too large is not the limit of the text.
    let is_more_than_text = growth > 2 * said;
    let mut kept = format!("kept {kib} KiB for it");
    if is_more_than_text {
        kept.push_str(&format!(", and only {said_kib} KiB of lines were said"));
    }
    chat.run.fail_now(Failure {
        id: "unbounded-output",
        mistake: (!is_more_than_text).then_some("unbounded-output"),
        summary: format!("Before it dropped a member that never reads, the server {kept}."),
        expected: format!("at most {} KiB more for each such member", MAX_GROWTH >> 10),
        observed: format!("{kib} KiB more"),
    })
}

/// Connects `count` members that never read. The speaker sends lines until all of them are dropped.
/// Returns what each of them has cost.
fn drop_slow(chat: &mut ChatRun, count: usize) -> Result<Cost, CheckError> {
    if chat.members.len() == chat.run.capacity {
        return Ok(Cost { growth: 0, said: 0 });
    }
    behind_the_gap::make_room(chat)?;
    let before = memory(&chat.run.server)?;
    for _ in 0..count {
        join_slow(chat)?;
    }
    let slow = chat.members.split_off(chat.members.len() - count);
    let before = before + behind_the_gap::join(chat, count)?;
    let log_start = chat.run.server.log().len();
    let names: Vec<_> = slow.iter().map(|member| member.client.name.clone()).collect();
    let names = names.join(", ");
    let speaker = chat.members[SPEAKER].client.name.clone();
    chat.run.step(format!("{speaker} sent lines, and {names} read nothing"));

    let (mut pieces, mut sent, mut peak) = (0, 0, before);
    // The number of bytes when the server had kept a member for too long, and was idle.
    let mut overdue = None;
    let dropped = slow.clone();
    let mut slow = Slow { members: slow, told: HashSet::new() };
    while !slow.members.is_empty() {
        let growth = peak.saturating_sub(before) / count as u64;
        if sent >= MAX_SENT {
            return Err(never_dropped(chat, &names, (sent, growth), &slow.members));
        }
        let lines = speak(chat, PIECE, LINE);
        pieces += 1;
        sent += lines.iter().map(Vec::len).sum::<usize>();
        let heard = slow.expect_heard(chat, &lines);
        heard.map_err(|error| {
            let error = behind_the_gap::if_passed_over(chat, &dropped, &lines, error);
            delayed(chat, &names, error)
        })?;
        if pieces <= FULL {
            slow.fill_kernels(chat);
        }
        peak = peak.max(memory(&chat.run.server)?);
        slow.forget_dropped(chat)?;
        if sent >= OVERDUE && overdue.is_none() && slow.are_kept(chat) {
            overdue = Some(sent);
        }
    }
    let text = format!("{speaker} sent {} KiB of lines, and {names} read nothing", sent >> 10);
    chat.run.rewrite_step(text);
    let growth = peak.saturating_sub(before) / count as u64;
    // What has grown too much has a limit that is too large, and its own failure.
    if let Some(sent) = overdue
        && growth <= MAX_GROWTH
    {
        return Err(dropped_later(chat, &names, sent));
    }
    room_again::expect_logged(chat, &dropped, log_start)?;
    Ok(Cost { growth, said: sent as u64 })
}

/// The members that never read, and that were not dropped yet.
struct Slow {
    members: Vec<Member>,
    /// Who was told that a member has left: the index of the one who was told, and the descriptor
    /// of the one who has left.
    told: HashSet<(usize, i32)>,
}

impl Slow {
    /// Makes the kernels take as many bytes as they can. Nothing happens at the members' descriptors
    /// afterwards: a server that looks at a member only when the member has an event never drops it.
    fn fill_kernels(&self, chat: &mut ChatRun) {
        let unread = || self.members.iter().map(|it| it.client.connection.unread()).sum::<u64>();
        for _ in 0..MAX_ACKNOWLEDGED {
            let before = unread();
            self.members.iter().for_each(|it| it.client.connection.acknowledge());
            let _ = chat.run.server.wait_asleep();
            if unread() == before {
                return;
            }
        }
    }

    /// Whether the server keeps a member when it is idle. It has nothing to do then, and would drop the
    /// member only because of something that others do.
    fn are_kept(&self, chat: &mut ChatRun) -> bool {
        let member = self.members.first().map(|it| it.client.connection.clone());
        let Some(connection) = member else { return false };
        let gone = chat
            .run
            .server
            .wait_for(|now| Ok(now.descriptor_of(&connection)?.is_none().then_some(())));
        matches!(gone, Err(WaitError::Idle { .. }))
    }

    /// All members must hear the lines of the speaker. They may be told that slow members have left.
    fn expect_heard(&mut self, chat: &mut ChatRun, lines: &[Vec<u8>]) -> Result<(), CheckError> {
        let fd = chat.members[SPEAKER].fd;
        let said: Vec<_> = lines.iter().map(|line| said(fd, line)).collect();
        let before: Vec<_> = chat.members.iter().map(|member| member.heard).collect();
        let wanted: Vec<_> = chat
            .everybody()
            .into_iter()
            .map(|index| {
                let lines = if index == SPEAKER { Vec::new() } else { said.clone() };
                let untold = self.members.iter().filter(|it| !self.told.contains(&(index, it.fd)));
                let gone = untold.map(|it| disconnected(it.fd));
                (index, Transcript::in_order(lines).or_also(gone))
            })
            .collect();
        chat.expect(&wanted)?;
        for (index, (member, before)) in chat.members.iter().zip(before).enumerate() {
            let mut heard = member.client.connection.received_from(before);
            heard.truncate(member.heard - before);
            for slow in &self.members {
                let line = disconnected(slow.fd);
                if heard.windows(line.len()).any(|bytes| bytes == line) {
                    self.told.insert((index, slow.fd));
                }
            }
        }
        Ok(())
    }

    /// Forgets the members that the server has dropped. All others must have been told of them. A
    /// server that has told all others may still wait for the end of the connection.
    fn forget_dropped(&mut self, chat: &mut ChatRun) -> Result<(), CheckError> {
        let mut dropped = Vec::new();
        for member in &self.members {
            let is_told = (0..chat.members.len()).all(|it| self.told.contains(&(it, member.fd)));
            if is_told || chat.run.server.descriptor_of(&member.client.connection)?.is_none() {
                dropped.push(member.clone());
            }
        }
        if dropped.is_empty() {
            return Ok(());
        }
        // The server tells the others after it has closed the descriptor, or before.
        let _ = chat.run.server.wait_asleep();
        self.expect_heard(chat, &[])?;
        for member in dropped {
            let everybody = chat.everybody();
            if let Some(untold) =
                everybody.iter().find(|it| !self.told.contains(&(**it, member.fd)))
            {
                return Err(not_announced(chat, *untold, &member));
            }
            self.members.retain(|it| it.fd != member.fd);
        }
        Ok(())
    }
}

/// The failure of a server that drops a member and does not tell the others.
fn not_announced(chat: &mut ChatRun, untold: usize, dropped: &Member) -> CheckError {
    let (name, gone) = (chat.members[untold].client.name.clone(), &dropped.client.name);
    let received = unheard(&chat.members[untold]);
    chat.run.fail_now(Failure {
        id: "drop-not-announced",
        mistake: Some("drop-not-announced"),
        summary: format!("The server closed {gone}, which never reads, and {name} was not told."),
        expected: format!("{name} gets {}", quoted(&disconnected(dropped.fd))),
        observed: format!("{name} got {} after the lines", quoted(&received)),
    })
}

/// The failure of a server that keeps the members `slow`, which never read. `sent` is the number of bytes
/// that were said, and `growth` the growth of its memory for each of the members, in bytes.
fn never_dropped(
    chat: &mut ChatRun,
    names: &str,
    (sent, growth): (usize, u64),
    slow: &[Member],
) -> CheckError {
    let (kib, said) = (growth >> 10, sent >> 10);
    let mut summary = format!(
        "{said} KiB of lines were said, {names} read nothing, and the server keeps the connection."
    );
    let mut observed =
        format!("it is still connected, and the server has grown by {kib} KiB for it");
    if growth <= MAX_GROWTH
        && let Some(member) = slow.first()
        && let Some(received) = late_bytes(chat, member, sent)
    {
        // A server that keeps the member and not its lines has thrown lines away.
        summary.push_str(" It has thrown lines away: the member reads now, and lines are missing.");
        observed =
            format!("it is still connected, and has got {} KiB of {said} KiB", received >> 10);
    }
    chat.run.fail_now(Failure {
        id: "never-dropped",
        mistake: Some(if growth > MAX_GROWTH { "unbounded-output" } else { "keeps-slow" }),
        summary,
        expected: "a member that never reads is dropped before it costs 1 MiB".to_owned(),
        observed,
    })
}

/// The failure of a server that was idle and kept a member when `sent` bytes were said, and has dropped it
/// later.
fn dropped_later(chat: &mut ChatRun, names: &str, sent: usize) -> CheckError {
    let kib = sent >> 10;
    chat.run.fail_now(Failure {
        id: "dropped-later",
        mistake: None,
        summary: format!(
            "{kib} KiB of lines were said, {names} read nothing, and the server was idle and kept the \
             connection. It dropped the member only later."
        ),
        expected: "a member that never reads is dropped before it costs 1 MiB".to_owned(),
        observed: format!("it was still connected after {kib} KiB"),
    })
}

/// The number of bytes that a slow member gets if it reads now. `None` if this is all that was said, and if
/// the server closes the connection meanwhile.
fn late_bytes(chat: &mut ChatRun, member: &Member, sent: usize) -> Option<u64> {
    let connection = &member.client.connection;
    let has_all = chat
        .run
        .server
        .wait_for(|_| Ok((connection.received_count() >= sent as u64).then_some(())));
    (has_all.is_err() && connection.ended().is_none()).then(|| connection.received_count())
}
