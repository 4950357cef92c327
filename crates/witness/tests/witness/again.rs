//! The same program a second time, and one that is stopped for a moment.

use crate::programs::{open, port, shell, tiers, written};
use witness::{End, Exit, Launch, Stuck, Tier};

fn keeps_clients(name: &str) -> Launch {
    let text = r#"int main(void) { int door = listening(); puts("up");
        for (;;) accept(door, 0, 0); }"#;
    Launch::new(written(name, text))
}

#[test]
fn a_program_is_started_again_in_the_same_network() {
    for tier in tiers() {
        let port = port(tier);
        let mut server = keeps_clients("started_twice")
            .tier(tier)
            .env("PORT", port.to_string())
            .start()
            .unwrap();
        server.until_listening(port).unwrap();
        assert!(server.start_again().is_err(), "it still runs");
        let client = server.connect().unwrap();
        server.until(|now| now.descriptor_of(&client)).unwrap();
        server.signal(libc::SIGTERM);
        let ended = server.until_quiet().unwrap_err();
        assert!(matches!(ended, Stuck::Ended(Exit::Signal(_))), "{ended}");
        assert_eq!(client.ended(), Some(End::Closed));
        client.half_close();

        server.start_again().unwrap();
        server.until(|now| Ok(now.is_in_time_wait(port)?.then_some(()))).unwrap();
        server.until_listening(port).unwrap();
        let client = server.connect().unwrap();
        server.until(|now| now.descriptor_of(&client)).unwrap();
        server.until(|now| Ok((now.log().len() == 2).then_some(()))).unwrap();
    }
}

#[test]
fn a_port_that_is_held_is_refused() {
    for tier in tiers() {
        let port = port(tier);
        let mut server = keeps_clients("refused_a_port")
            .tier(tier)
            .env("PORT", port.to_string())
            .start()
            .unwrap();
        server.until_listening(port).unwrap();
        assert!(server.hold_port(port).is_err(), "the server has it");
        server.signal(libc::SIGTERM);
        server.until_quiet().unwrap_err();
        let held = server.hold_port(port).unwrap();
        server.start_again().unwrap();
        let stuck = server.until_listening(port).unwrap_err();
        assert!(matches!(stuck, Stuck::Ended(Exit::Status(9))), "{stuck}");
        drop(held);
    }
}

#[test]
fn a_stop_cuts_a_blocked_write_short() {
    let text = r#"int main(void) { int door = listening(), fd = accept(door, 0, 0);
        static char much[16 << 20];
        long got = write(fd, much, sizeof much);
        puts(got > 0 && got < (long)sizeof much ? "short" : "whole");
        for (;;) pause(); }"#;
    let mut server = open(Launch::new(written("writes_much", text)), Tier::here());
    let client = server.connect().unwrap();
    assert_eq!(server.until_quiet().unwrap()[0].name(), "write");
    server.stop().unwrap();
    server.go_on().unwrap();
    server.until(|now| Ok((!now.log().is_empty()).then_some(()))).unwrap();
    assert_eq!(server.log()[0].text, "short");
    assert_eq!((client.read_some(10), client.read_some(5)), (10, 5));
}

#[test]
fn what_a_first_run_has_left_is_an_orphan() {
    for tier in tiers() {
        let mut server = shell("sleep infinity & wait").tier(tier).start().unwrap();
        server.until(|now| Ok((now.processes()?.len() == 2).then_some(()))).unwrap();
        assert!(server.orphans().unwrap().is_empty());
        server.signal(libc::SIGTERM);
        server.until_quiet().unwrap_err();
        server.start_again().unwrap();
        assert_eq!(server.orphans().unwrap().len(), 1);
    }
}
