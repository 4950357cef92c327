//! The server's descriptors of the clients of a test run.

use crate::test_run::TestRun;
use std::collections::HashMap;
use witness::{Client, Socket, Target};

/// The server's descriptor for each client that has one, with the client.
///
/// The descriptors are listed once for all clients. `Server::descriptor_of` lists all descriptors
/// for one client, which takes too long for a thousand clients.
pub(super) fn client_files(run: &TestRun) -> Vec<(i32, &Client)> {
    let clients = run.clients.iter().map(|client| &client.connection);
    // `Server::connection` looks up the client's socket, and stores the socket's inode in the
    // client.
    for client in clients.clone().filter(|client| client.inode().is_none()) {
        let _ = run.server.connection(client);
    }
    let of_inode: HashMap<u64, &Client> =
        clients.filter_map(|client| Some((client.inode()?, client))).collect();
    let open = run.server.descriptors().unwrap_or_default();
    let file = |target: &Target| match target {
        Target::Socket(inode) => of_inode.get(inode).copied(),
        Target::Other(_) => None,
    };
    open.iter().filter_map(|descriptor| Some((descriptor.fd, file(&descriptor.target)?))).collect()
}

/// The socket of the client to which the server's descriptor `fd` is connected.
pub(super) fn socket_at(run: &TestRun, files: &[(i32, &Client)], fd: i32) -> Option<Socket> {
    let (_, client) = files.iter().find(|(own, _)| *own == fd)?;
    run.server.connection(client).ok().flatten()
}

/// The server's descriptors of its clients' connections. Clients without a name count, too, and
/// clients that have reset their connection: of such a socket, the kernel shows only that it is none
/// of the others.
pub(super) fn open_connections(run: &TestRun) -> Vec<i32> {
    let listeners = run.server.listeners().unwrap_or_default();
    let sockets = run.server.sockets().unwrap_or_default();
    let unix = run.server.unix_sockets();
    let is_client = |target: &Target| {
        let Target::Socket(inode) = target else { return false };
        let is_listener = listeners.iter().any(|it| it.inode == *inode);
        let of_port = |socket: &Socket| {
            listeners.iter().any(|listener| listener.local.port() == socket.local.port())
        };
        let connection = sockets.iter().find(|it| it.inode == *inode);
        !is_listener && !unix.contains(inode) && connection.is_none_or(of_port)
    };
    let open = run.server.descriptors().unwrap_or_default();
    open.iter().filter(|it| is_client(&it.target)).map(|it| it.fd).collect()
}
