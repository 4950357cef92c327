//! The half commands of two clients do not mix, and nobody gets the half command of a client that
//! has left.

use crate::check_error::CheckError;
use crate::w09_l01::draws::Draws;
use crate::w09_l01::resp::{bulk, command, ok, quoted, simple};
use crate::w09_l01::resp_client::RespClient;
use crate::w09_l01::store_run::StoreRun;

pub(super) fn half_commands(store: &mut StoreRun, draws: &mut Draws) -> Result<(), CheckError> {
    let [key, value, other_key, other_value] = draws.words();
    let commands = [(&key, &value), (&other_key, &other_value)]
        .map(|(key, value)| command(&[b"SET", key.as_bytes(), value.as_bytes()]));
    let cuts = [0, 1].map(|index: usize| draws.size(1..=commands[index].len() - 1));

    // Each client alone sends its command in two parts.
    let mut clients = [store.connect()?, store.connect()?];
    for (client, (command, cut)) in clients.iter_mut().zip(commands.iter().zip(cuts)) {
        send_part(store, client, &command[..cut])?;
        send_part(store, client, &command[cut..])?;
        store
            .expect_next_reply(client, "The command in two parts", &ok())
            .map_err(|error| error.depends_on("split"))?;
    }

    // Both clients send the first part, and then both send the second part.
    for (client, (command, cut)) in clients.iter_mut().zip(commands.iter().zip(cuts)) {
        send_part(store, client, &command[..cut])?;
    }
    for (client, (command, cut)) in clients.iter_mut().zip(commands.iter().zip(cuts)) {
        send_part(store, client, &command[cut..])?;
        store
            .expect_next_reply(client, "The command in two parts", &ok())
            .map_err(|error| error.with_mistake("inputs-mix"))?;
    }
    let [mut first, mut second] = clients;
    store
        .expect_replies(&mut second, [(format!("GET {key}"), bulk(&value))])
        .map_err(|error| error.with_mistake("inputs-mix"))?;
    store
        .expect_replies(&mut second, [(format!("GET {other_key}"), bulk(&other_value))])
        .map_err(|error| error.with_mistake("inputs-mix"))?;

    // A client leaves in the middle of a command. Another client then gets its place in the
    // server's table.
    send_part(store, &mut first, &commands[0][..cuts[0]])?;
    store.leave(&first)?;
    let mut next = store.connect()?;
    store
        .expect_replies(&mut next, [("PING", simple("PONG"))])
        .map_err(|error| error.with_mistake("session-reused"))
}

fn send_part(store: &mut StoreRun, client: &mut RespClient, part: &[u8]) -> Result<(), CheckError> {
    store.run.step(format!("{} sent {}", client.name(), quoted(part)));
    client.send(part);
    store.wait_read(client)
}
