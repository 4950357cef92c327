//! The evidence of this lesson: which process holds which socket, and which has died unburied.

use crate::fall::Fall;
use crate::scene::{Blame, Scene};
use course::report::{Row, Table};
use witness::{Process, Stuck, Target, Unseen};

/// The failure of this scene, with the whole family beside its story. Without `stuck`, the server
/// was asked nothing more: what it shows is wrong already.
pub(super) fn fail(scene: &mut Scene, stuck: Option<Stuck>, blame: Blame) -> Fall {
    let mut fall = match stuck {
        Some(stuck) => scene.fail(stuck, blame),
        None => scene.refute(blame),
    };
    // A server that has ended has no tables.
    if let Fall::Failed(cause) = &mut fall
        && !cause.evidence.is_empty()
        && let Ok(table) = family(scene)
    {
        cause.evidence = vec![table];
    }
    fall
}

fn family(scene: &Scene) -> Result<Table, Unseen> {
    let mut rows = Vec::new();
    let zombies = scene.server.zombies()?;
    for process in scene.server.processes()? {
        let is_parent = process == scene.server.process();
        let id = process.ids()?.last().copied().unwrap_or(process.pid);
        let who = format!("{:<8}{id:<7}", if is_parent { "parent" } else { "child" });
        rows.extend(sockets(scene, process, is_parent, &who)?);
        if zombies.contains(&process) {
            rows.push(Row { wrong: true, text: format!("{who}zombie") });
        }
    }
    Ok(Table { title: "the kernel says".to_owned(), rows })
}

/// A row for each socket of a process that this proof knows of.
fn sockets(
    scene: &Scene,
    process: Process,
    is_parent: bool,
    who: &str,
) -> Result<Vec<Row>, Unseen> {
    let listener = scene.server.listener()?.map(|socket| socket.inode);
    let mut rows = Vec::new();
    for descriptor in process.descriptors()? {
        let Target::Socket(inode) = descriptor.target else { continue };
        let is_listener = Some(inode) == listener;
        let guest = scene.guests.iter().find(|guest| guest.client.inode() == Some(inode));
        let (state, whose) = match guest {
            _ if is_listener => ("LISTEN", String::new()),
            Some(guest) => {
                let socket = scene.server.connection(&guest.client)?;
                (socket.map_or("CLOSED", |socket| socket.state.name()), guest.name.clone())
            }
            None => continue,
        };
        let text = format!("{who}fd {:<4}{state:<13}{whose}", descriptor.fd);
        rows.push(Row { wrong: is_parent != is_listener, text: text.trim_end().to_owned() });
    }
    Ok(rows)
}
