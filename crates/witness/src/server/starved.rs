//! Telling a busy machine from a slow server.
//!
//! The kernel counts how long each thread has waited for a processor (proc_pid_schedstat(5), second
//! number). A server that mostly waited for one was kept from its work by others, and what it did not do in its time
//! says nothing about it.

use crate::process::{Process, Thread, own_delay};
use crate::stuck::Unseen;
use std::io;
use std::time::{Duration, Instant};

/// A wait that is over sooner is not measured.
const WORTHWHILE: Duration = Duration::from_millis(50);

/// A server that has used so much had its chance, whatever others used: nothing that it is asked
/// takes a hundredth of it.
const AMPLE: Duration = Duration::from_secs(2);

/// What had been used and waited for when it was first looked at.
#[derive(Default)]
pub(super) struct Load {
    before: Option<Before>,
}

struct Before {
    at: Instant,
    threads: Vec<(Process, Thread)>,
    observer: Duration,
}

impl Load {
    /// Begins to measure, once a wait that began at `begun` has lasted.
    pub(super) fn note(&mut self, begun: Instant, threads: &[(Process, Thread)]) {
        if self.before.is_none() && begun.elapsed() >= WORTHWHILE {
            let (at, threads, observer) = (Instant::now(), threads.to_vec(), own_delay());
            self.before = Some(Before { at, threads, observer });
        }
    }

    /// Why nothing can be concluded from a wait in vain, where others kept the processors busy.
    pub(super) fn excuse(&self, threads: &[(Process, Thread)]) -> Option<Unseen> {
        let before = self.before.as_ref()?;
        let lasted = before.at.elapsed();
        let observer = own_delay().saturating_sub(before.observer);
        let server = before.longest_wait(threads, lasted);
        if before.used(threads) >= (lasted / 2).min(AMPLE) {
            None // kept waiting by threads of its own, if by any
        } else if server >= lasted / 2 {
            Some(busy("the server", server, lasted))
        } else if observer >= lasted * 3 / 4 {
            // An observer that is late for each look misses nothing, until it is late for all.
            Some(busy("the observer", observer, lasted))
        } else {
            None
        }
    }
}

impl Before {
    /// Processor time of all threads since then.
    fn used(&self, threads: &[(Process, Thread)]) -> Duration {
        threads.iter().map(|now| now.1.cpu.saturating_sub(self.of(now).0)).sum()
    }

    /// How long the thread that waited longest for a processor did so.
    fn longest_wait(&self, threads: &[(Process, Thread)], lasted: Duration) -> Duration {
        let waited = |now: &(Process, Thread)| {
            let (cpu, delay, turns) = self.of(now);
            // What it waits for now is counted once it has its turn.
            let in_vain = now.1.is_running() && now.1.turns == turns && now.1.cpu == cpu;
            if in_vain { lasted } else { now.1.delay.saturating_sub(delay) }
        };
        threads.iter().map(waited).max().unwrap_or_default()
    }

    fn of(&self, (process, now): &(Process, Thread)) -> (Duration, Duration, u64) {
        let same = |known: &&(Process, Thread)| known.0 == *process && known.1.tid == now.tid;
        let known = self.threads.iter().find(same);
        known.map_or_else(Default::default, |(_, it)| (it.cpu, it.delay, it.turns))
    }
}

fn busy(who: &str, waited: Duration, lasted: Duration) -> Unseen {
    let (waited, lasted) = (waited.as_secs_f64(), lasted.as_secs_f64());
    let error = io::Error::other(format!(
        "the machine was too busy: {who} waited for a processor for {waited:.1} of {lasted:.1} s"
    ));
    Unseen::new("what the server would have done in time".to_owned(), error)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: Process = Process { pid: 7 };

    fn thread(turns: u64, cpu: u64, delay: u64) -> (Process, Thread) {
        let [cpu, delay] = [cpu, delay].map(Duration::from_millis);
        (SERVER, Thread { tid: 7, zombie: false, stopped: false, call: None, turns, cpu, delay })
    }

    /// What is made of threads that looked like `before` ten seconds ago.
    fn excuse(before: Vec<(Process, Thread)>, now: &[(Process, Thread)]) -> Option<String> {
        let at = Instant::now() - Duration::from_secs(10);
        let before = Before { at, threads: before, observer: own_delay() };
        Load { before: Some(before) }.excuse(now).map(|unseen| unseen.to_string())
    }

    #[test]
    fn a_server_that_waited_for_a_processor_is_excused() {
        let text = excuse(vec![thread(5, 100, 0)], &[thread(90, 400, 8_000)]).unwrap();
        assert!(text.contains("the server waited for a processor for 8.0 of 10.0 s"), "{text}");
    }

    #[test]
    fn a_server_that_never_had_its_turn_is_excused() {
        assert!(excuse(vec![thread(5, 100, 0)], &[thread(5, 100, 0)]).is_some());
    }

    #[test]
    fn a_server_that_slept_or_computed_is_not() {
        assert_eq!(excuse(vec![thread(5, 100, 0)], &[thread(90, 300, 20)]), None);
        assert_eq!(excuse(vec![thread(5, 100, 0)], &[thread(90, 9_000, 900)]), None);
    }

    #[test]
    fn a_server_that_spins_between_others_is_not() {
        assert_eq!(excuse(vec![thread(5, 100, 0)], &[thread(900, 2_200, 7_700)]), None);
    }

    #[test]
    fn threads_that_wait_for_one_another_are_not() {
        let crowd = vec![thread(90, 500, 9_000); 20];
        assert_eq!(excuse(vec![thread(5, 0, 0)], &crowd), None);
    }
}
