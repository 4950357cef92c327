//! Tests of a server whose descriptors are used up while it runs, on every isolation level, and of
//! what needs the same user as the server.

use crate::programs::{levels, open, written};
use crate::untrusted;
use std::path::PathBuf;
use witness::{Errno, Exit, IsolationLevel, Launch, Limits, Server, Signal, WaitError};

/// A server that accepts clients in a loop, and logs what accept returns.
const ACCEPTS: &str = r#"int main(void) { int listener = listening(); setvbuf(stdout, 0, _IONBF, 0);
    for (;;) { struct pollfd one = {listener, POLLIN, 0}; poll(&one, 1, -1);
        int fd = accept(listener, 0, 0);
        if (fd < 0) { printf("error %d\n", errno); poll(0, 0, 20); } else printf("fd %d\n", fd); } }"#;

/// Starts the program on every level: as the caller's own program, and as an untrusted program.
fn on_every_level(program: PathBuf) -> Vec<Server> {
    let trusted = levels().into_iter().map(|level| open(Launch::new(&program), level));
    let mut servers: Vec<_> = trusted.collect();
    for level in untrusted::levels() {
        let launch = untrusted::sandboxed(program.clone(), Limits::default());
        servers.push(open(launch, level));
    }
    servers
}

fn wait_line(server: &mut Server, text: &str) {
    let found = server.wait_for(|now| Ok(now.log().iter().any(|it| it.text == text).then_some(())));
    found.unwrap_or_else(|error| panic!("{:?}: {error}; {:?}", server.isolation(), server.log()));
}

#[test]
fn a_server_without_free_descriptors_gets_emfile_until_they_are_given_back() {
    for mut server in on_every_level(written("accepts", ACCEPTS)) {
        let _first = server.connect().unwrap();
        wait_line(&mut server, "fd 4");
        server.exhaust_descriptors().unwrap();
        assert_eq!(server.free_descriptors().unwrap(), 0);
        let waiting = server.connect().unwrap();
        wait_line(&mut server, &format!("error {}", Errno::EMFILE as i32));
        assert_eq!(server.descriptor_of(&waiting).unwrap(), None);
        server.restore_descriptors().unwrap();
        wait_line(&mut server, "fd 5");
        assert!(server.free_descriptors().unwrap() > 0);
        server.restore_descriptors().unwrap(); // a second call does nothing
    }
}

#[test]
fn the_limit_is_not_lower_than_the_entries_of_a_poll() {
    let text = r#"int main(void) { struct pollfd all[20]; setvbuf(stdout, 0, _IONBF, 0);
        for (int i = 0; i < 20; i++) all[i] = (struct pollfd){-1, POLLIN, 0};
        all[0].fd = listening();
        for (;;) {
            if (poll(all, 20, -1) < 0) { perror("poll"); return 1; }
            int fd = accept(all[0].fd, 0, 0);
            if (fd < 0) { printf("error %d\n", errno); poll(0, 0, 20); } } }"#;
    for mut server in on_every_level(written("twenty_entries", text)) {
        server.wait_idle().unwrap();
        server.exhaust_descriptors().unwrap();
        let free = server.free_descriptors().unwrap();
        assert_eq!(free, 20 - server.descriptors().unwrap().len());
        let _clients: Vec<_> = (0..free).map(|_| server.connect().unwrap()).collect();
        server.wait_for(|now| Ok((now.free_descriptors()? == 0).then_some(()))).unwrap();
        let _one_more = server.connect().unwrap();
        wait_line(&mut server, &format!("error {}", Errno::EMFILE as i32));
        server.restore_descriptors().unwrap();
    }
}

/// A server that sets SO_REUSEPORT.
const SHARES_ITS_PORT: &str = r#"int main(void) { int fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes);
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(atoi(getenv("PORT")))};
    if (bind(fd, (struct sockaddr *)&any, sizeof any) || listen(fd, 128)) exit(9);
    for (;;) accept(fd, 0, 0); }"#;

/// Occupies the port, starts the server again, and waits until it listens.
fn start_beside_a_shared_port(mut server: Server) -> Result<(), WaitError> {
    let port = server.listener().unwrap().unwrap().local.port();
    server.signal(Signal::SIGTERM);
    server.wait_idle().unwrap_err();
    let occupied = server.occupy_port_shared(port).unwrap();
    server.restart().unwrap();
    // The socket of the observer listens as well, so the server's own socket is looked for.
    let result = server.wait_for(|now| {
        Ok(now.listeners()?.iter().any(|it| it.local.port() == port).then_some(()))
    });
    drop(occupied);
    result
}

#[test]
fn a_server_that_shares_its_port_listens_beside_a_second_copy() {
    for server in on_every_level(written("shares_its_port", SHARES_ITS_PORT)) {
        let level = server.isolation();
        start_beside_a_shared_port(server).unwrap_or_else(|error| panic!("{level:?}: {error}"));
    }
}

#[test]
fn a_server_that_does_not_share_its_port_is_refused() {
    for server in on_every_level(written("accepts", ACCEPTS)) {
        let error = start_beside_a_shared_port(server).unwrap_err();
        assert!(matches!(error, WaitError::Ended(Exit::Status(9))), "{error}");
    }
}

#[test]
fn the_processor_time_of_all_processes_is_measured() {
    let text = r#"int main(void) { int listener = listening(), fd = accept(listener, 0, 0);
        if (fork() == 0) for (;;) ; close(fd); for (;;) pause(); }"#;
    for mut server in on_every_level(written("computing_child", text)) {
        let before = server.cpu_time().unwrap();
        assert!(before < std::time::Duration::from_secs(1));
        server.connect().unwrap();
        let used = |now: &mut Server| {
            let used = now.cpu_time()?.saturating_sub(before);
            Ok((used.as_millis() >= 20).then_some(()))
        };
        match server.wait_for(used) {
            Ok(()) | Err(WaitError::Spinning(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn a_client_connects_to_another_address_of_the_machine() {
    let mut server = open(Launch::new(written("accepts", ACCEPTS)), IsolationLevel::here());
    let client = server.connect_to("127.0.0.2".parse().unwrap()).unwrap();
    assert_eq!(client.server().ip().to_string(), "127.0.0.2");
    let fd = server.wait_for(|now| now.descriptor_of(&client)).unwrap();
    wait_line(&mut server, &format!("fd {fd}"));

    let local =
        SHARES_ITS_PORT.replace(".sin_port", ".sin_addr.s_addr = htonl(0x7f000001), .sin_port");
    let mut server = open(Launch::new(written("one_address", &local)), IsolationLevel::here());
    let error = server.connect_to("127.0.0.2".parse().unwrap()).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
    server.connect().unwrap();
}
