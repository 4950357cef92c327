//! Tests of recordings: every call of a program, and what its clients do.

use crate::programs::{levels, open, server, written};
use std::collections::HashSet;
use witness::{
    CallRecord, ClientAct, Errno, Event, FaultInjector, Launch, Recorder, Server, Target,
};

/// A server under observation whose run is recorded.
fn recorded(launch: Launch, level: witness::IsolationLevel) -> (Server, Recorder) {
    let recorder = Recorder::new();
    (open(launch.recorded(recorder.clone()), level), recorder)
}

/// The calls of a recording.
fn calls(recorder: &Recorder) -> Vec<CallRecord> {
    let events = recorder.since(0).into_iter().map(|moment| moment.event);
    events
        .filter_map(|event| if let Event::Call(call) = event { Some(call) } else { None })
        .collect()
}

/// The calls with one of these names that have returned, each as `name(descriptor) = result`.
fn shown(recorder: &Recorder, names: &[&str]) -> Vec<String> {
    let is_wanted = |call: &&CallRecord| names.contains(&call.call.name());
    let text = |call: &CallRecord| {
        let fd = call.call.descriptor().unwrap_or(-1);
        Some(format!("{}({fd}) = {}", call.call.name(), call.result?))
    };
    calls(recorder).iter().filter(is_wanted).filter_map(text).collect()
}

#[test]
fn the_calls_of_a_server_and_the_acts_of_its_clients_are_recorded() {
    for level in levels() {
        let (mut server, recorder) = recorded(Launch::new(server("until_eagain.c")), level);
        let client = server.connect().unwrap();
        let fd = server.wait_for(|now| now.descriptor_of(&client)).unwrap();
        client.close();
        server.wait_for(|now| Ok(now.descriptor_of(&client)?.is_none().then_some(()))).unwrap();
        // The last call has returned when the server sleeps again.
        server.wait_idle().unwrap();
        drop(server);
        recorder.finish();

        let names = ["socket", "bind", "listen", "accept4", "close"];
        let shown = shown(&recorder, &names).join(" ");
        for wanted in
            ["bind(3) = 0", "listen(3) = 0", &format!("= {fd}"), &format!("close({fd}) = 0")]
        {
            assert!(shown.contains(wanted), "{level}: {wanted} is missing in {shown}");
        }
        let inode = recorder.clients()[0].inode.expect("the client's socket was seen");
        let accepted = calls(&recorder).into_iter().find(|call| call.result == Some(fd.into()));
        assert_eq!(accepted.and_then(|call| call.new_target), Some(Target::Socket(inode)));
        let acts: Vec<_> = recorder
            .since(0)
            .into_iter()
            .filter_map(|moment| match moment.event {
                Event::Client { act, .. } => Some(act),
                _ => None,
            })
            .collect();
        assert_eq!(
            (acts.first(), acts.last()),
            (Some(&ClientAct::Connected), Some(&ClientAct::Closed))
        );
    }
}

#[test]
fn the_calls_of_child_processes_and_threads_are_recorded() {
    let text = "#include <pthread.h>\nstatic void *sleeps(void *it) { pause(); return it; } \
                int main(void) { int listener = listening(); pthread_t thread; \
                pthread_create(&thread, 0, sleeps, 0); \
                for (;;) { int fd = accept(listener, 0, 0); if (fork() == 0) { char byte; \
                while (read(fd, &byte, 1) == 1) write(fd, &byte, 1); _exit(7); } close(fd); } }";
    let program = written("echoes_in_a_child", text);
    let (mut server, recorder) = recorded(Launch::new(program), witness::IsolationLevel::here());
    let client = server.connect().unwrap();
    client.send(b"x").unwrap();
    server.wait_for(|_| Ok((client.received() == b"x").then_some(()))).unwrap();
    client.close();
    let _ = server.wait_idle();
    drop(server);
    recorder.finish();

    let calls = calls(&recorder);
    let processes: HashSet<_> = calls.iter().map(|call| call.process.pid).collect();
    let threads: HashSet<_> = calls.iter().map(|call| call.tid).collect();
    assert_eq!((processes.len(), threads.len()), (2, 3));
    let written = calls.iter().find(|call| call.call.name() == "write" && call.bytes == b"x");
    let written = written.expect("the child's write is recorded");
    let events = recorder.since(0);
    let has_ended = |event: &Event| matches!(event, Event::Ended { tid, status } if *tid == written.tid && libc::WEXITSTATUS(*status) == 7);
    assert!(events.iter().any(|moment| has_ended(&moment.event)));
}

#[test]
fn a_recorded_server_still_stops_goes_on_and_gets_faults() {
    let launch = Launch::new(server("until_eagain.c")).faults(FaultInjector::accept());
    let (mut server, recorder) = recorded(launch, witness::IsolationLevel::here());
    server.wait_idle().unwrap();
    server.pause().unwrap();
    server.resume().unwrap();
    server.interrupt().unwrap();
    server.fail_next(Errno::ECONNABORTED);
    let client = server.connect().unwrap();
    server.wait_for(|now| now.descriptor_of(&client)).unwrap();
    drop(server);
    recorder.finish();
    let aborted = -i64::from(libc::ECONNABORTED);
    assert!(calls(&recorder).iter().any(|call| call.result == Some(aborted)));
}

#[test]
fn a_recorded_server_in_a_busy_loop_is_still_recognized() {
    let text = "int main(void) { listening(); for (;;) poll(0, 0, 0); }";
    let program = written("polls_for_ever", text);
    let (mut server, recorder) = recorded(Launch::new(program), witness::IsolationLevel::here());
    assert!(matches!(server.wait_idle(), Err(witness::WaitError::Spinning(_))));
    assert!(recorder.since(0).iter().any(|moment| matches!(moment.event, Event::Full)));
}
