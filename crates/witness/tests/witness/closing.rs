//! Tests of how clients and servers close connections.

use crate::programs::{levels, open, written};
use witness::{IsolationLevel, Launch, Server, ServerClose, State};

/// A server that logs how each client has closed its connection.
const NAMES_THE_END: &str = r#"
int main(void)
{
    int listener = listening();
    for (;;) {
        int fd = accept(listener, 0, 0), got;
        char bytes[4096];
        long total = 0;
        while ((got = read(fd, bytes, sizeof bytes)) > 0)
            total += got;
        printf("%s after %ld\n", got == 0 ? "FIN" : errno == ECONNRESET ? "RST" : "?", total);
        send(fd, "bye", 3, MSG_NOSIGNAL);
        close(fd);
    }
}"#;

fn last_line(server: &mut Server) -> String {
    server.wait_idle().unwrap();
    server.log().last().map_or_else(String::new, |line| line.text.clone())
}

#[test]
fn close_and_half_close_are_a_fin_and_reset_is_a_rst() {
    for level in levels() {
        let mut server = open(Launch::new(written("names_the_end", NAMES_THE_END)), level);
        let closes = server.connect().unwrap();
        assert_eq!(closes.send(b"four").unwrap(), 4);
        closes.close();
        assert_eq!(last_line(&mut server), "FIN after 4");

        let half = server.connect().unwrap();
        half.half_close();
        assert_eq!(last_line(&mut server), "FIN after 0");
        assert_eq!((half.received(), half.ended()), (b"bye".to_vec(), Some(ServerClose::Closed)));

        let resets = server.connect().unwrap();
        resets.send(b"x").unwrap();
        server.wait_for(|now| now.descriptor_of(&resets)).unwrap();
        server.wait_idle().unwrap();
        resets.reset();
        assert_eq!(last_line(&mut server), "RST after 1");
        assert_eq!(server.connection(&resets).unwrap(), None);
    }
}

#[test]
fn a_client_that_has_closed_its_connection_cannot_send() {
    let mut server =
        open(Launch::new(written("names_the_end", NAMES_THE_END)), IsolationLevel::here());
    let client = server.connect().unwrap();
    client.close();
    client.reset();
    client.half_close();
    assert_eq!(client.send(b"x").unwrap_err().kind(), std::io::ErrorKind::NotConnected);
    assert_eq!(client.received(), b"");
}

#[test]
fn a_connection_that_the_server_does_not_close_stays_in_close_wait() {
    let text = "int main(void) { int listener = listening(); for (;;) accept(listener, 0, 0); }";
    let mut server = open(Launch::new(written("ignores_all", text)), IsolationLevel::here());
    let client = server.connect().unwrap();
    server.wait_for(|now| now.descriptor_of(&client)).unwrap();
    client.close();
    server.wait_idle().unwrap();
    assert_eq!(server.connection(&client).unwrap().unwrap().state, State::CloseWait);
    assert!(server.descriptor_of(&client).unwrap().is_some());
}

#[test]
fn a_server_that_resets_is_distinguished_from_a_server_that_closes() {
    let text = r#"int main(void) { int listener = listening(); for (;;) {
        int fd = accept(listener, 0, 0);
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
        close(fd); } }"#;
    let mut server = open(Launch::new(written("resets", text)), IsolationLevel::here());
    let client = server.connect().unwrap();
    assert_eq!(server.wait_for(|_| Ok(client.ended())).unwrap(), ServerClose::Reset);
}

#[test]
fn five_hundred_clients_in_turn_leave_no_descriptor_open() {
    let mut server = crate::programs::open_file("until_eagain.c");
    // This server listens before it opens its spare descriptor.
    server.wait_idle().unwrap();
    let before = server.descriptors().unwrap();
    for _ in 0..500 {
        let client = server.connect().unwrap();
        server.wait_for(|now| now.descriptor_of(&client)).unwrap();
        client.close();
        // Without this wait, the server might accept new clients before it closes the old
        // connections, and its table might become full.
        server.wait_for(|now| Ok(now.descriptor_of(&client)?.is_none().then_some(()))).unwrap();
    }
    server.wait_idle().unwrap();
    assert_eq!(server.descriptors().unwrap(), before);
}
