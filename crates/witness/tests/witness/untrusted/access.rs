//! Tests of which files, processes and ports an untrusted program can use, and which it cannot use.

use super::{levels, line, output_of, sandboxed};
use crate::programs::{open, server, wait_logged};
use std::fs;
use std::net::TcpListener;
use std::process::{Command, Stdio};
use witness::{IsolationLevel, Limits};

#[test]
fn a_correct_server_is_observed_as_without_a_sandbox() {
    for level in levels() {
        let mut server = open(sandboxed(server("until_eagain.c"), Limits::default()), level);
        let client = server.connect().unwrap();
        let fd = server.wait_for(|now| now.descriptor_of(&client)).unwrap();
        wait_logged(&mut server, &format!("[ACCEPT] fd={fd} slot=0"));
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
fn files_outside_of_the_policy_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("solution");
    fs::write(&file, "the answer").unwrap();
    // Without Landlock, a program with another user id can read every file that all users may read.
    let has_landlock = IsolationLevel::Landlock.refusal_for_untrusted().is_none();
    for level in
        levels().into_iter().filter(|level| has_landlock || *level == IsolationLevel::Namespaces)
    {
        let output =
            output_of(&format!("cat {0}; ls {1}", file.display(), folder.path().display()), level);
        assert!(!output.contains("the answer"), "{level}: {output}");
        assert!(!output.lines().any(|line| line == "solution"), "{level}: {output}");
    }
}

#[test]
fn only_the_folder_of_the_program_can_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("mark");
    for level in levels() {
        let text = format!("echo a > here; cat here; pwd; echo b > {}", mark.display());
        let output = output_of(&text, level);
        assert!(output.starts_with("a\n") && !mark.exists(), "{level}: {output}");
        let own = output.lines().nth(1).unwrap();
        assert!(!fs::exists(format!("{own}/here")).unwrap(), "{level} left {own}");
    }
}

#[test]
fn other_processes_cannot_be_killed() {
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
fn listeners_outside_of_the_sandbox_cannot_be_reached() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    // Landlock can restrict ports since Linux 6.7. This test checks for a stronger condition: that
    // Landlock can restrict signals, which is possible since Linux 6.12.
    let has_landlock = IsolationLevel::Landlock.refusal().is_none();
    for level in
        levels().into_iter().filter(|level| has_landlock || *level == IsolationLevel::Namespaces)
    {
        let text = format!("bash -c 'echo hello > /dev/tcp/127.0.0.1/{port}'; echo tried");
        let output = output_of(&text, level);
        assert!(output.contains("tried"), "{level}: {output}");
        assert!(listener.accept().is_err(), "{level}: {output}");
    }
}

#[test]
fn an_untrusted_program_has_no_capabilities() {
    for level in levels() {
        let output =
            output_of("grep -E 'Cap(Eff|Prm|Inh|Amb|Bnd)' /proc/self/status; id -u", level);
        let is_empty = |line: &str| line.ends_with("\t0000000000000000");
        let capabilities = output.lines().filter(|line| line.starts_with("Cap"));
        let has_none = capabilities.filter(|line| !line.starts_with("CapBnd")).all(is_empty);
        // On the level `landlock` the program has the caller's user id, but no capabilities.
        let is_other = level == IsolationLevel::Landlock || !output.ends_with("\n0");
        assert!(has_none && is_other, "{level}: {output}");
    }
}

#[test]
fn the_environment_contains_no_variable_of_the_caller() {
    for level in levels() {
        let output = output_of("env | cut -d= -f1 | sort | tr '\\n' ' '; echo", level);
        assert!(!output.contains("CARGO"), "{level}: {output}");
        assert!(output.contains("HOME") && output.contains("PATH"), "{level}: {output}");
    }
}

#[test]
fn two_programs_with_another_user_have_different_users() {
    if !levels().contains(&IsolationLevel::OtherUser) {
        return;
    }
    let start =
        || line("id -u; exec sleep infinity").isolation(IsolationLevel::OtherUser).start().unwrap();
    let users = [start(), start()].map(|mut server| {
        let output = server.wait_for(|now| Ok(now.log().first().map(|line| line.text.clone())));
        (output.unwrap(), server)
    });
    assert_ne!(users[0].0, users[1].0);
    assert!(users.iter().all(|(user, _)| user != "0"));
}
