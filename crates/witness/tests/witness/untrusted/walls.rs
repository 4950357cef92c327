//! What it cannot see, write or reach.

use super::{levels, line, sandboxed, says};
use crate::programs::{open, server, until_logged};
use std::fs;
use std::net::TcpListener;
use std::process::{Command, Stdio};
use witness::{IsolationLevel, Limits};

#[test]
fn a_right_server_is_seen_whole() {
    for level in levels() {
        let mut server = open(sandboxed(server("accept_many.c"), Limits::default()), level);
        let client = server.connect().unwrap();
        let fd = server.wait_for(|now| now.descriptor_of(&client)).unwrap();
        until_logged(&mut server, &format!("[ACCEPT] fd={fd} slot=0"));
        server.wait_idle().unwrap();
        assert!(
            server.poll_entries().unwrap().iter().flatten().any(|entry| entry.fd == fd),
            "{level}"
        );
        client.close();
        server.wait_for(|now| Ok(now.descriptor_of(&client)?.is_none().then_some(()))).unwrap();
    }
}

#[test]
fn files_of_others_are_out_of_its_sight() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("solution");
    fs::write(&file, "the answer").unwrap();
    // A user of its own reads what everybody may, where there is no Landlock.
    let has_landlock = IsolationLevel::Landlock.refusal_for_untrusted().is_none();
    for level in
        levels().into_iter().filter(|level| has_landlock || *level == IsolationLevel::Namespaces)
    {
        let said =
            says(&format!("cat {0}; ls {1}", file.display(), folder.path().display()), level);
        assert!(!said.contains("the answer"), "{level}: {said}");
        assert!(!said.lines().any(|line| line == "solution"), "{level}: {said}");
    }
}

#[test]
fn it_writes_in_its_own_folder_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("mark");
    for level in levels() {
        let text = format!("echo a > here; cat here; pwd; echo b > {}", mark.display());
        let said = says(&text, level);
        assert!(said.starts_with("a\n") && !mark.exists(), "{level}: {said}");
        let own = said.lines().nth(1).unwrap();
        assert!(!fs::exists(format!("{own}/here")).unwrap(), "{level} left {own}");
    }
}

#[test]
fn it_signals_nobody_else() {
    let mut sleeper = Command::new("sleep").arg("3600").stdout(Stdio::null()).spawn().unwrap();
    for level in levels() {
        let text =
            format!("kill -KILL {}; kill -KILL $PPID; kill -KILL -1; echo alive", sleeper.id());
        let mut server = line(&text).isolation(level).start().unwrap();
        super::end(&mut server);
        assert_eq!(sleeper.try_wait().unwrap(), None, "{level}");
    }
    sleeper.kill().unwrap();
    sleeper.wait().unwrap();
}

#[test]
fn it_connects_to_nobody() {
    let door = TcpListener::bind("127.0.0.1:0").unwrap();
    door.set_nonblocking(true).unwrap();
    let port = door.local_addr().unwrap().port();
    // Landlock knows of ports since Linux 6.7, and of signals, which this asks for, since 6.12.
    let has_landlock = IsolationLevel::Landlock.refusal().is_none();
    for level in
        levels().into_iter().filter(|level| has_landlock || *level == IsolationLevel::Namespaces)
    {
        let text = format!("bash -c 'echo hello > /dev/tcp/127.0.0.1/{port}'; echo tried");
        let said = says(&text, level);
        assert!(said.contains("tried"), "{level}: {said}");
        assert!(door.accept().is_err(), "{level}: {said}");
    }
}

#[test]
fn it_has_no_capability_and_no_group() {
    for level in levels() {
        let said = says("grep -E 'Cap(Eff|Prm|Inh|Amb|Bnd)' /proc/self/status; id -u", level);
        let is_bare = |line: &str| line.ends_with("\t0000000000000000");
        let capabilities = said.lines().filter(|line| line.starts_with("Cap"));
        let taken = capabilities.filter(|line| !line.starts_with("CapBnd")).all(is_bare);
        // Without another user to become, it is its caller, whose rights it has lost.
        let is_other = level == IsolationLevel::Landlock || !said.ends_with("\n0");
        assert!(taken && is_other, "{level}: {said}");
    }
}

#[test]
fn its_environment_tells_nothing() {
    for level in levels() {
        let said = says("env | cut -d= -f1 | sort | tr '\\n' ' '; echo", level);
        assert!(!said.contains("CARGO"), "{level}: {said}");
        assert!(said.contains("HOME") && said.contains("PATH"), "{level}: {said}");
    }
}

#[test]
fn two_runs_of_one_user_each_do_not_meet() {
    if !levels().contains(&IsolationLevel::OtherUser) {
        return;
    }
    let start =
        || line("id -u; exec sleep infinity").isolation(IsolationLevel::OtherUser).start().unwrap();
    let users = [start(), start()].map(|mut server| {
        let said = server.wait_for(|now| Ok(now.log().first().map(|line| line.text.clone())));
        (said.unwrap(), server)
    });
    assert_ne!(users[0].0, users[1].0);
    assert!(users.iter().all(|(user, _)| user != "0"));
}
