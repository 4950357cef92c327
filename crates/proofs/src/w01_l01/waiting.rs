//! A client that has to wait for its turn.

use super::{rows, talk};
use crate::fall::Fall;
use crate::scene::{Blame, Guest, Scene, Stage};
use witness::Stuck;

/// A second client waits, unserved, while the first is connected, and is served after it with
/// nothing lost.
pub(super) fn next_client(stage: &Stage<'_>) -> Result<(), Fall> {
    let mut scene = stage.open()?;
    let first = talk::greeted(&mut scene)?;
    let second = talk::arrives(&mut scene)?;
    let said: [&[u8]; 3] = [b"I wait\n", b"and have more to say,\n", b"line by line\n"];
    scene.step(format!("{} sent {} messages", second.name, said.len()));
    for message in said {
        let _ = second.client.send(message);
    }
    waits(&mut scene, &first, &second)?;
    talk::comes_back(&mut scene, &first, b"still here\n").map_err(|fall| fall.blocks("echo"))?;
    scene.step(format!("{} closed", first.name));
    first.client.close();
    is_served(&mut scene, &second, &said.concat())
}

/// While the first client is connected, the second hears nothing.
fn waits(scene: &mut Scene, first: &Guest, second: &Guest) -> Result<(), Fall> {
    let client = &second.client;
    let disturbed = scene.server.until(|_| {
        let over = !client.received().is_empty() || client.ended().is_some();
        Ok(over.then_some(()))
    });
    if first.client.ended().is_some() {
        return Err(talk::misheard(scene, first, b"", b"", disturbed.err()).blocks("echo"));
    }
    let name = &second.name;
    let expected = format!("{name} waits until A has left");
    let stuck = match disturbed {
        Err(Stuck::Quiet { .. }) => return Ok(()),
        Err(stuck) => stuck,
        Ok(()) if client.ended().is_some() => {
            return Err(scene.refute(Blame {
                id: "turned-away",
                mistake: Some("closes-listener"),
                summary: format!("{name} came while A was served, and was turned away."),
                expected,
                observed: format!("{name} reads an end of file, or a reset"),
            }));
        }
        Ok(()) => {
            let heard = talk::shown(&client.received());
            return Err(scene.refute(Blame {
                id: "two-at-once",
                mistake: Some("two-at-once"),
                summary: format!("{name} is served while A is still connected."),
                expected,
                observed: format!("{name} received {heard}"),
            }));
        }
    };
    let summary = format!("{name} came, and the server does not rest.");
    let observed = stuck.to_string();
    let blame = Blame { id: "restless", mistake: None, summary, expected, observed };
    Err(rows::fail(scene, Some(stuck), blame))
}

/// The first has left: the second hears all that it said meanwhile.
fn is_served(scene: &mut Scene, second: &Guest, said: &[u8]) -> Result<(), Fall> {
    let stuck = talk::hears(scene, second, said.len()).err();
    let heard = second.client.received();
    if heard == said {
        return Ok(());
    }
    let name = &second.name;
    let hung_up = second.client.ended().is_some();
    let blame = Blame {
        id: "next-not-served",
        mistake: hung_up.then_some("closes-listener"),
        summary: match heard.as_slice() {
            [] if hung_up => format!("It was {name}'s turn, and the server hung up."),
            [] => format!("It was {name}'s turn, and it was not served."),
            _ => format!("{name} was served, and what came back is not what it had sent."),
        },
        expected: format!("{name} receives {}", talk::shown(said)),
        observed: format!("{name} received {}", talk::shown(&heard)),
    };
    Err(rows::fail(scene, stuck, blame))
}
