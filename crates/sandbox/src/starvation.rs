//! Distinguishes a slow program from a program that cannot run because the machine is busy.
//!
//! The kernel measures how long each thread has waited for a processor (proc_pid_schedstat(5),
//! second number). If a program waited for a processor during most of the measured period, other
//! programs kept it from running. If it then did not do what was expected, that does not show an
//! error in the program.

use crate::process::{Process, Thread, delay_of};
use crate::unobservable::Unobservable;
use nix::unistd::{Pid, gettid};
use std::io;
use std::time::{Duration, Instant};

/// A wait that is shorter than this time is not measured.
const SHORTEST_MEASURED: Duration = Duration::from_millis(50);

/// If a program has used this much processor time during one wait, the program had enough processor
/// time, even if other programs used more. A request of an observer needs less than a hundredth of
/// this time.
const FAIR_SHARE: Duration = Duration::from_secs(2);

/// If a program has more threads than this number that are always ready to run, its own threads
/// make each other wait. An ordinary server has fewer such threads.
const MAX_READY_THREADS: u32 = 4;

/// A program with more threads than this number, for example because it forks in a loop without end,
/// keeps the machine busy by itself: the kernel lists and schedules all of them.
const MAX_THREADS: usize = 500;

/// The processor time and the waiting time of threads at the beginning of a measurement.
#[derive(Debug, Default)]
pub struct CpuLoad {
    before: Option<Snapshot>,
    /// The threads when one of them last began to wait for a processor. The kernel adds the time of
    /// a wait only when the wait is over.
    waiting: Option<Snapshot>,
}

#[derive(Debug)]
struct Snapshot {
    at: Instant,
    threads: Vec<(Process, Thread)>,
    /// The observer's thread, and the time that this thread had waited for a processor.
    observer: (Pid, Duration),
}

/// A period in which a thread waited for a processor most of the time.
#[derive(Clone, Debug)]
pub struct CpuStarvation {
    subject: &'static str,
    waited: Duration,
    lasted: Duration,
}

impl CpuLoad {
    /// Begins to measure these threads, and the calling thread as the thread of the observer.
    pub fn now(threads: &[(Process, Thread)]) -> Self {
        Self { before: Some(Snapshot::now(threads)), waiting: None }
    }

    /// Looks whether a thread waits for a processor now. To be called again and again during the
    /// measurement.
    pub fn look(&mut self, threads: &[(Process, Thread)]) {
        let waits = |snapshot: &Snapshot| threads.iter().any(|now| snapshot.still_waits(now));
        if !self.waiting.as_ref().is_some_and(waits) {
            let is_ready = threads.iter().any(|(_, thread)| thread.is_running());
            self.waiting = is_ready.then(|| Snapshot::now(threads));
        }
    }

    /// The longest time for which one of these threads has been waiting for a processor until now.
    fn unfinished_wait(&self, threads: &[(Process, Thread)]) -> Duration {
        let waits = |snapshot: &&Snapshot| threads.iter().any(|now| snapshot.still_waits(now));
        let waiting = self.waiting.as_ref().filter(waits);
        waiting.map_or(Duration::ZERO, |snapshot| snapshot.at.elapsed())
    }

    /// Begins to measure if the wait that began at `begun` has lasted 50 ms. Does nothing if the
    /// measurement has begun already.
    pub fn begin_after_pause(&mut self, begun: Instant, threads: &[(Process, Thread)]) {
        if self.before.is_none() && begun.elapsed() >= SHORTEST_MEASURED {
            self.before = Some(Snapshot::now(threads));
        }
    }

    /// The longest time that one of these threads has waited for a processor since the beginning of
    /// the measurement.
    pub fn longest_wait(&self, threads: &[(Process, Thread)]) -> Duration {
        let longest = |before: &Snapshot| before.longest_wait(threads, before.at.elapsed());
        self.before.as_ref().map_or(Duration::ZERO, longest)
    }

    /// Called after a wait without a result. If a thread waited for a processor most of the time,
    /// returns this waiting time. In this case the missing result does not show an error in the
    /// program. `None` if the threads had enough processor time.
    pub fn starvation(&self, threads: &[(Process, Thread)]) -> Option<CpuStarvation> {
        let before = self.before.as_ref()?;
        let lasted = before.at.elapsed();
        let observer = before.observer_waited();
        let finished = before.longest_wait(threads, lasted);
        let server = (finished + self.unfinished_wait(threads)).min(lasted);
        let has_used_its_share = before.used(threads) >= (lasted / 2).min(FAIR_SHARE);
        if has_used_its_share || threads.len() > MAX_THREADS {
            None // a thread that had to wait has waited for other threads of the same program
        } else if server >= lasted / 2 {
            Some(CpuStarvation { subject: "the server", waited: server, lasted })
        } else if observer >= lasted * 3 / 4 {
            // The limit is higher for the observer, because an observer that waited for half of the
            // time has still observed everything.
            Some(CpuStarvation { subject: "the observer", waited: observer, lasted })
        } else {
            None
        }
    }

    /// Does the same for a run that has reached its wall-time limit. Program and observer run
    /// alternately, so the waiting times of both are added. `gone` is the processor time of threads
    /// that have ended.
    pub(crate) fn starvation_of_run(
        &self,
        threads: &[(Process, Thread)],
        gone: Duration,
    ) -> Option<CpuStarvation> {
        let before = self.before.as_ref()?;
        let lasted = before.at.elapsed();
        let unfinished_wait = |now: &(Process, Thread)| match &self.waiting {
            Some(begun) if begun.still_waits(now) => begun.at.elapsed(),
            _ => Duration::ZERO,
        };
        let waited = |now: &(Process, Thread)| now.1.delay + unfinished_wait(now);
        let waited: Vec<_> = threads.iter().map(waited).collect();
        let server = waited.iter().max().copied().unwrap_or_default();
        let both = server + before.observer_waited();
        let is_own_doing = before.used(threads) + gone >= lasted / 2
            || threads.len() > MAX_THREADS
            || waited.iter().sum::<Duration>() >= lasted * MAX_READY_THREADS;
        let subject = "the program or its observer";
        (!is_own_doing && both >= lasted / 2).then(|| CpuStarvation {
            subject,
            waited: both.min(lasted),
            lasted,
        })
    }
}

impl Snapshot {
    fn now(threads: &[(Process, Thread)]) -> Self {
        let observer = (gettid(), delay_of(gettid()));
        Self { at: Instant::now(), threads: threads.to_vec(), observer }
    }

    fn observer_waited(&self) -> Duration {
        let (tid, before) = self.observer;
        delay_of(tid).saturating_sub(before)
    }

    /// The processor time that all threads have used since this snapshot.
    fn used(&self, threads: &[(Process, Thread)]) -> Duration {
        threads.iter().map(|now| now.1.cpu.saturating_sub(self.values_of(now).0)).sum()
    }

    /// The longest time that one thread has waited for a processor since this snapshot.
    fn longest_wait(&self, threads: &[(Process, Thread)], lasted: Duration) -> Duration {
        let waited = |now: &(Process, Thread)| match self.still_waits(now) {
            true => lasted,
            false => now.1.delay.saturating_sub(self.values_of(now).1),
        };
        threads.iter().map(waited).max().unwrap_or_default()
    }

    /// Whether a thread has waited for a processor since this snapshot and still waits. The kernel
    /// adds the waiting time only when the thread is scheduled.
    fn still_waits(&self, now: &(Process, Thread)) -> bool {
        // A thread that was started after this snapshot, and has not run yet, has waited only since
        // its start.
        let (cpu, _, context_switches) = self.values_of(now);
        let has_not_run = now.1.context_switches == context_switches && now.1.cpu == cpu;
        let has_waited = self.find(now).is_some_and(Thread::is_running);
        has_waited && now.1.is_running() && has_not_run
    }

    fn values_of(&self, now: &(Process, Thread)) -> (Duration, Duration, u64) {
        let known = self.find(now);
        known.map_or_else(Default::default, |it| (it.cpu, it.delay, it.context_switches))
    }

    fn find(&self, (process, now): &(Process, Thread)) -> Option<&Thread> {
        let same = |known: &&(Process, Thread)| known.0 == *process && known.1.tid == now.tid;
        self.threads.iter().find(same).map(|(_, thread)| thread)
    }
}

impl From<CpuStarvation> for Unobservable {
    fn from(starved: CpuStarvation) -> Self {
        let [waited, lasted] = [starved.waited, starved.lasted].map(|it| it.as_secs_f64());
        let error = io::Error::other(format!(
            "the machine was too busy: {} waited for a processor for {waited:.1} of {lasted:.1} s; \
             try again later, or with less beside it",
            starved.subject
        ));
        Unobservable::new(
            "what the program does when it has enough processor time".to_owned(),
            error,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: Process = Process { pid: 7 };

    fn thread(context_switches: u64, cpu: u64, delay: u64) -> (Process, Thread) {
        let [cpu, delay] = [cpu, delay].map(Duration::from_millis);
        (
            SERVER,
            Thread {
                tid: 7,
                zombie: false,
                stopped: false,
                call: None,
                context_switches,
                cpu,
                delay,
            },
        )
    }

    /// A measurement that began ten seconds ago, when the threads were in this state.
    fn load(before: &[(Process, Thread)]) -> CpuLoad {
        let at = Instant::now() - Duration::from_secs(10);
        CpuLoad { before: Some(Snapshot { at, ..Snapshot::now(before) }), waiting: None }
    }

    /// The error text for threads whose state has changed from `before` to `now`, if they had to
    /// wait.
    fn starvation_text(
        before: Vec<(Process, Thread)>,
        now: &[(Process, Thread)],
    ) -> Option<String> {
        load(&before).starvation(now).map(|starved| Unobservable::from(starved).to_string())
    }

    /// Whether a run of ten seconds is inconclusive. The arguments are in milliseconds: the
    /// processor time and the waiting time of a living thread, and the processor time of threads
    /// that have ended.
    fn is_inconclusive(used: u64, waited: u64, gone: u64) -> bool {
        let now = [thread(90, used, waited)];
        load(&[]).starvation_of_run(&now, Duration::from_millis(gone)).is_some()
    }

    #[test]
    fn a_run_that_waited_for_other_programs_is_inconclusive() {
        assert!(is_inconclusive(400, 6_000, 0));
    }

    #[test]
    fn a_run_that_slept_or_used_its_time_is_conclusive() {
        assert!(!is_inconclusive(100, 100, 0));
        assert!(!is_inconclusive(5_500, 4_500, 0));
        // The run waited for a processor because of its own child processes.
        assert!(!is_inconclusive(100, 6_000, 5_500));
        let threads = vec![thread(90, 10, 9_000); 20];
        assert!(load(&[]).starvation_of_run(&threads, Duration::ZERO).is_none());
    }

    #[test]
    fn a_run_that_still_waits_at_its_end_is_inconclusive() {
        let now = [thread(5, 100, 0)];
        let mut load = load(&[]);
        assert!(load.starvation_of_run(&now, Duration::ZERO).is_none());
        let at = Instant::now() - Duration::from_secs(6);
        load.waiting = Some(Snapshot { at, ..Snapshot::now(&now) });
        assert!(load.starvation_of_run(&now, Duration::ZERO).is_some());
    }

    #[test]
    fn a_server_that_waited_for_a_processor_is_inconclusive() {
        let text = starvation_text(vec![thread(5, 100, 0)], &[thread(90, 400, 8_000)]).unwrap();
        assert!(text.contains("the server waited for a processor for 8.0 of 10.0 s"), "{text}");
    }

    #[test]
    fn a_server_that_never_got_a_processor_is_inconclusive() {
        assert!(starvation_text(vec![thread(5, 100, 0)], &[thread(5, 100, 0)]).is_some());
    }

    #[test]
    fn a_server_that_still_waits_at_the_end_is_inconclusive() {
        let now = [thread(6, 101, 3_000)];
        let mut load = load(&[thread(5, 100, 0)]);
        assert!(load.starvation(&now).is_none());
        let at = Instant::now() - Duration::from_secs(4);
        load.waiting = Some(Snapshot { at, ..Snapshot::now(&now) });
        assert!(load.starvation(&now).is_some());
        load.look(&[thread(7, 102, 3_100)]);
        assert!(load.starvation(&now).is_none());
    }

    #[test]
    fn a_thread_that_has_just_been_started_has_not_waited() {
        assert_eq!(starvation_text(Vec::new(), &[thread(0, 0, 0)]), None);
    }

    #[test]
    fn a_server_that_slept_or_computed_is_conclusive() {
        assert_eq!(starvation_text(vec![thread(5, 100, 0)], &[thread(90, 300, 20)]), None);
        assert_eq!(starvation_text(vec![thread(5, 100, 0)], &[thread(90, 9_000, 900)]), None);
    }

    #[test]
    fn a_server_that_spins_beside_other_programs_is_conclusive() {
        assert_eq!(starvation_text(vec![thread(5, 100, 0)], &[thread(900, 2_200, 7_700)]), None);
    }

    #[test]
    fn threads_that_wait_for_one_another_are_conclusive() {
        let threads = vec![thread(90, 500, 9_000); 20];
        assert_eq!(starvation_text(vec![thread(5, 0, 0)], &threads), None);
    }

    #[test]
    fn a_program_that_forks_without_end_is_conclusive() {
        let threads = vec![thread(90, 1, 6_000); 2_000];
        assert_eq!(starvation_text(vec![thread(5, 0, 0)], &threads), None);
        assert!(load(&[]).starvation_of_run(&threads, Duration::ZERO).is_none());
    }
}
