//! What must not end the server: a signal, and a fork that fails.

use super::evidence;
use super::family::{Pair, arrive, child_of, holders, no_child, settle, until_ended};
use super::speech::{Speech, say};
use crate::fall::Fall;
use crate::scene::{Blame, Guest, Scene, Stage};
use witness::{Gate, Stuck};

/// A system call cut short by a signal (EINTR on accept) does not end the server.
pub(super) fn interrupted(stage: &Stage<'_>) -> Result<(), Fall> {
    let mut scene = stage.open_with(stage.proof.capacity, Gate::accept())?;
    let stays = arrive(&mut scene, &[])?;
    let leaves = arrive(&mut scene, &[&stays])?;
    scene.step(format!("{} closed (FIN): SIGCHLD, when its child ends", leaves.guest.name));
    leaves.guest.client.close();
    // A child that does not end sends no signal; that is for another criterion to say.
    let _ = until_ended(&mut scene, leaves.child);
    settle(&mut scene).map_err(|stuck| cut_short(&mut scene, "a child ended", stuck))?;
    let next = arrive(&mut scene, &[&stays, &leaves])?;

    scene.step("the next accept is made to fail with EINTR");
    scene.server.fail_next(libc::EINTR);
    let served = arrive(&mut scene, &[&stays, &leaves, &next])?;
    // A server that never calls accept again has nothing to survive.
    let met = scene.server.until(|now| Ok((now.faults_left() == 0).then_some(())));
    if let Err(stuck @ Stuck::Ended(_)) = met {
        return Err(cut_short(&mut scene, "accept failed with EINTR", stuck));
    }
    settle(&mut scene).map_err(|stuck| cut_short(&mut scene, "accept failed with EINTR", stuck))?;
    let last = arrive(&mut scene, &[&stays, &leaves, &next, &served])?;
    still_served(&mut scene, &[&stays, &last])
}

fn cut_short(scene: &mut Scene, when: &str, stuck: Stuck) -> Fall {
    let blame = Blame {
        id: "interrupted",
        mistake: matches!(stuck, Stuck::Ended(_)).then_some("eintr-ends-server"),
        summary: format!("The server ended when {when}."),
        expected: "accept is called again, and the next client is served".to_owned(),
        observed: stuck.to_string(),
    };
    evidence::fail(scene, Some(stuck), blame)
}

/// Fork failing with EAGAIN costs that one client, not the server.
pub(super) fn fork_fails(stage: &Stage<'_>) -> Result<(), Fall> {
    let mut scene = stage.open_with(stage.proof.capacity, Gate::fork())?;
    let before = arrive(&mut scene, &[])?;
    scene.step("the next fork is made to fail with EAGAIN");
    scene.server.fail_next(libc::EAGAIN);
    let unlucky = scene.connect()?;
    let client = unlucky.client.clone();
    let let_go = scene.server.until(|now| {
        let parent = now.process();
        // One that tries again, and finds a child for it, has done more than was asked.
        let held = holders(now, &client)?.iter().any(|it| *it != parent && *it != before.child);
        Ok((now.faults_left() == 0 && (held || client.ended().is_some())).then_some(()))
    });
    let let_go = let_go.and_then(|()| settle(&mut scene));
    let_go.map_err(|stuck| not_let_go(&mut scene, &unlucky, stuck))?;
    let next = scene.connect()?;
    match child_of(&mut scene, &next, &[&before]) {
        Ok(child) => still_served(&mut scene, &[&before, &Pair { guest: next, child }]),
        Err(stuck) => Err(no_child(&mut scene, &next, stuck)),
    }
}

fn not_let_go(scene: &mut Scene, unlucky: &Guest, stuck: Stuck) -> Fall {
    let name = &unlucky.name;
    if scene.server.faults_left() > 0 && !matches!(stuck, Stuck::Ended(_)) {
        return no_child(scene, unlucky, stuck).blocks("own-child");
    }
    let (mistake, summary, observed) = match &stuck {
        Stuck::Ended(_) => (
            "fork-ends-server",
            "The server ended when fork failed with EAGAIN.".to_owned(),
            stuck.to_string(),
        ),
        _ => (
            "fork-leaks-client",
            format!("There is no child for {name}, and the server keeps its connection open."),
            format!("{name} is still connected, and nobody serves it"),
        ),
    };
    let blame = Blame {
        id: "fork-failed",
        mistake: Some(mistake),
        summary,
        expected: format!("{name} reads an end of file, and the server goes on"),
        observed,
    };
    evidence::fail(scene, Some(stuck), blame)
}

/// Those who are connected have their words answered.
fn still_served(scene: &mut Scene, pairs: &[&Pair]) -> Result<(), Fall> {
    for pair in pairs {
        let words = Speech::words(r#""Still Here""#, b"Still Here");
        say(scene, &pair.guest, &words).map_err(|fall| fall.blocks("flips"))?;
    }
    Ok(())
}
