//! What a child says to its client, and how the two part.

use super::evidence;
use super::family::{Pair, arrive, ended, holders, settle, until_ended};
use super::speech::{Speech, say};
use crate::fall::Fall;
use crate::scene::{Blame, Guest, Scene, Stage, shows};
use witness::{End, Stuck};

/// Letters change case, other bytes do not change, in any chunking.
pub(super) fn flips(stage: &Stage<'_>) -> Result<(), Fall> {
    let mut scene = stage.open()?;
    let silent = arrive(&mut scene, &[])?;
    let Pair { guest, .. } = arrive(&mut scene, &[&silent])?;
    let every: Vec<u8> = (0..=u8::MAX).collect();
    let long: Vec<u8> = every.iter().copied().cycle().take(20_000).collect();
    let speeches = [
        Speech::words(r#""Hello, World 2!\n""#, b"Hello, World 2!\n"),
        Speech::words(r#""and Again\n""#, b"and Again\n"),
        Speech::words(r#""Before\0After""#, b"Before\0After"),
        Speech::words("every byte from 0 to 255", &every),
        Speech { told: "the same, a byte at a time", bytes: &every, piece: 1 },
        Speech { told: "20,000 bytes, 997 at a time", bytes: &long, piece: 997 },
    ];
    for speech in &speeches {
        say(&mut scene, &guest, speech)?;
    }
    say(&mut scene, &silent.guest, &Speech::words(r#""Now Me""#, b"Now Me"))?;
    let said = speeches.iter().map(|speech| speech.bytes.len()).sum();
    nothing_more(&mut scene, &guest, said)
}

/// The answers were as long as what was said, and nothing was added to them later.
fn nothing_more(scene: &mut Scene, guest: &Guest, said: usize) -> Result<(), Fall> {
    let ended = scene.still_runs().err();
    let answered = guest.client.received().len();
    if ended.is_none() && answered == said {
        return Ok(());
    }
    let blame = Blame {
        id: "wrong-answer",
        summary: format!("{} was sent more than it had said.", guest.name),
        expected: format!("{said} bytes, a byte for each byte"),
        observed: format!("{answered} bytes"),
        ..Blame::default()
    };
    Err(evidence::fail(scene, ended, blame))
}

/// The client's EOF ends the child; the client sees the server's FIN.
pub(super) fn hangup(stage: &Stage<'_>) -> Result<(), Fall> {
    let mut scene = stage.open()?;
    let polite = arrive(&mut scene, &[])?;
    let name = &polite.guest.name;
    scene.step(format!("{name} sent \"Goodbye\" and shut down its sending side (half-close)"));
    let (client, words) = (polite.guest.client.clone(), b"Goodbye");
    let _ = client.send(words);
    client.half_close();
    let parted = scene.server.until(|_| {
        let flooded = client.received().len() > words.len();
        Ok((flooded || client.ended().is_some()).then_some(()))
    });
    if client.received().len() > words.len() {
        return Err(talks_on(&mut scene, &polite));
    }
    let answered = client.received().len() == words.len();
    if !(answered && client.ended() == Some(End::Closed)) {
        return Err(not_parted(&mut scene, &polite, parted.err()));
    }
    child_ends(&mut scene, &polite)?;
    // How the parent takes its child's end is for another criterion to ask.
    settle(&mut scene).map_err(|stuck| ended(&mut scene, stuck))?;

    let brief = arrive(&mut scene, &[&polite])?;
    scene.step(format!("{} closed (FIN)", brief.guest.name));
    brief.guest.client.close();
    child_ends(&mut scene, &brief)
}

fn child_ends(scene: &mut Scene, pair: &Pair) -> Result<(), Fall> {
    until_ended(scene, pair.child).map_err(|stuck| not_parted(scene, pair, Some(stuck)))
}

/// A child that never stops sending; it has to be ended before the story can be.
fn talks_on(scene: &mut Scene, pair: &Pair) -> Fall {
    let name = &pair.guest.name;
    let received = pair.guest.client.received().len();
    scene.step(format!("{name} had {received} bytes, and reset its connection (RST)"));
    pair.guest.client.reset();
    let blame = Blame {
        id: "no-goodbye",
        mistake: Some("ignores-eof"),
        summary: format!("{name} has said its last word, and its child talks on."),
        expected: format!("the rest of its answer, then a FIN, and {name}'s child has ended"),
        observed: format!("{received} bytes and no end, for 7 that {name} had sent"),
    };
    evidence::fail(scene, None, blame)
}

fn not_parted(scene: &mut Scene, pair: &Pair, stuck: Option<Stuck>) -> Fall {
    let name = &pair.guest.name;
    let received = pair.guest.client.received().len();
    let open = holders(&scene.server, &pair.guest.client).unwrap_or_default();
    let (mistake, summary, observed) = match &stuck {
        Some(Stuck::Spinning(strobe)) => (
            shows(strobe, &["read", "recvfrom", "recvmsg"], |count| count == 0)
                .then_some("ignores-eof"),
            format!("{name} has left, and its child never sleeps."),
            stuck.as_ref().map(Stuck::to_string).unwrap_or_default(),
        ),
        _ if accepts(pair) => (
            Some("child-accepts"),
            format!("{name} has left, and its child has begun to accept clients itself."),
            "the child is asleep in accept".to_owned(),
        ),
        _ if open == [scene.server.process()] => (
            Some("parent-keeps-client"),
            format!("{name}'s child has ended; the parent holds the connection open."),
            format!("{name} sees no FIN"),
        ),
        Some(_) => (
            None,
            format!("{name} will send no more, and its child does not end."),
            format!("{} of 7 bytes answered, and the child is still there", received),
        ),
        None => (
            None,
            format!("{name} was let go before it had its whole answer."),
            format!("{received} of 7 bytes answered, then {:?}", pair.guest.client.ended()),
        ),
    };
    let expected = format!("the rest of its answer, then a FIN, and {name}'s child has ended");
    let blame = Blame { id: "no-goodbye", mistake, summary, expected, observed };
    evidence::fail(scene, stuck, blame)
}

/// Whether the child sleeps where only the parent should.
fn accepts(pair: &Pair) -> bool {
    let threads = pair.child.threads().unwrap_or_default();
    threads.iter().filter_map(|it| it.call).any(|call| matches!(call.name(), "accept" | "accept4"))
}
