//! Looks at a server again and again, to find out whether it sleeps most of the time.

use super::long_sleep::LongSleep;
use crate::test_run::TestRun;
use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};
use witness::{Server, Unobservable, WaitError};

/// The time in which a server is looked at before its threads are traced.
const UNTRACED: Duration = Duration::from_millis(400);
/// The time after which a thread's sleeps say whether it is in a busy loop.
const ENOUGH_TIME: Duration = Duration::from_millis(100);
/// The processor time that a thread may use between two sleeps.
const BETWEEN_SLEEPS: Duration = Duration::from_millis(2);
/// The number of bytes of output after which a server may have slept because nobody has read them.
const MUCH_OUTPUT: u64 = 4096;

/// Waits until the server sleeps, also if it wakes now and then in order to call accept again.
pub(super) fn wait_calm(run: &mut TestRun) -> Result<(), WaitError> {
    wait_calm_or(run, |_| Ok(false)).map(drop)
}

/// Waits until the server sleeps, or until `fact` is true. Returns whether `fact` is true.
pub(super) fn wait_calm_or(
    run: &mut TestRun,
    mut fact: impl FnMut(&mut Server) -> Result<bool, Unobservable>,
) -> Result<bool, WaitError> {
    // On a busy machine, a thread that is traced is found awake at each look: it waits for the
    // observer at each of its calls, also between two short sleeps.
    let mut looks = Looks::default();
    let seen = run.server.wait_untraced(UNTRACED, |now| match fact(now)? {
        true => Ok(Some(Seen::Fact)),
        false => looks.look(now),
    });
    match seen {
        Ok(Seen::Fact) => return Ok(true),
        Ok(Seen::Sleeps) => return Ok(false),
        Err(WaitError::Ended(exit)) => return Err(WaitError::Ended(exit)),
        Ok(Seen::Busy) | Err(_) => {}
    }
    let mut looks = Looks::default();
    run.server.wait_for(|now| {
        let is_true = fact(now)?;
        Ok((is_true || looks.find_asleep(now)?).then_some(is_true))
    })
}

/// What was seen of a server that is not traced.
enum Seen {
    /// The fact that was waited for is true.
    Fact,
    /// The server sleeps most of the time.
    Sleeps,
    /// The server was awake at each look, and its threads do not sleep.
    Busy,
}

/// Looks at a server, at least a millisecond apart.
#[derive(Default)]
pub(super) struct Looks {
    found_asleep: VecDeque<bool>,
    last: Option<Instant>,
    first: Option<Snapshot>,
    long_sleep: LongSleep,
}

impl Looks {
    /// The number of the last looks that count. At most a tenth of them may find a thread awake.
    const COUNT: usize = 20;

    /// Looks at the server again. Returns whether the server sleeps most of the time. A server in a
    /// busy loop is awake at every look, even if it gets no processor.
    pub(super) fn find_asleep(&mut self, server: &Server) -> Result<bool, Unobservable> {
        if self.last.is_none_or(|at| at.elapsed() >= Duration::from_millis(1)) {
            self.last = Some(Instant::now());
            let is_asleep = is_asleep(server)?;
            self.found_asleep.push_back(is_asleep);
            if self.long_sleep.has_begun(server, is_asleep)? {
                return Ok(true);
            }
        }
        if self.found_asleep.len() > Self::COUNT {
            self.found_asleep.pop_front();
        }
        Ok(self.are_enough() && self.awake() * 10 <= Self::COUNT)
    }

    /// Looks at a server that is not traced. On a busy machine, a thread that has woken waits for a
    /// processor, and is then found awake. But it goes to sleep again each time it has run for a
    /// moment, and a thread in a busy loop does not.
    fn look(&mut self, server: &Server) -> Result<Option<Seen>, Unobservable> {
        if self.find_asleep(server)? {
            return Ok(Some(Seen::Sleeps));
        }
        let Some(first) = &self.first else {
            self.first = Some(Snapshot::of(server)?);
            return Ok(None);
        };
        let is_always_awake = self.awake() == Self::COUNT;
        let has_lasted = first.at.elapsed() >= ENOUGH_TIME;
        if !self.are_enough() || !(is_always_awake || has_lasted) {
            return Ok(None);
        }
        let since = first.compare(server)?;
        Ok(if has_lasted && since.sleeps_often {
            Some(Seen::Sleeps)
        } else if is_always_awake && !since.slept {
            Some(Seen::Busy)
        } else {
            None
        })
    }

    fn are_enough(&self) -> bool {
        self.found_asleep.len() == Self::COUNT
    }

    /// The number of the last looks that found a thread awake.
    fn awake(&self) -> usize {
        self.found_asleep.iter().filter(|is_asleep| !**is_asleep).count()
    }
}

/// Whether every thread sleeps. A thread that waits until the observer has read its output is awake.
fn is_asleep(server: &Server) -> Result<bool, Unobservable> {
    for process in server.processes()? {
        for thread in process.threads()? {
            let waits_for_reader = thread.call.is_some_and(|it| it.name().starts_with("write"));
            if thread.is_running() || waits_for_reader {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// How often the threads of a server had slept at one moment, and for how long they had run.
struct Snapshot {
    at: Instant,
    /// For each thread, by its id: the number of its sleeps, and its processor time.
    threads: HashMap<i32, (u64, Duration)>,
    output: u64,
}

/// What the threads have done since a snapshot.
struct Since {
    /// Whether a thread has slept. False after much output.
    slept: bool,
    /// Whether each thread that has run has slept again and again, and all together have used less
    /// than half of a processor.
    sleeps_often: bool,
}

impl Snapshot {
    fn of(server: &Server) -> Result<Self, Unobservable> {
        let mut threads = HashMap::new();
        for process in server.processes()? {
            for thread in process.threads()? {
                let sleeps = process.sleeps_of_thread(thread.tid).unwrap_or(0);
                threads.insert(thread.tid, (sleeps, thread.cpu));
            }
        }
        Ok(Self { at: Instant::now(), threads, output: server.output_written() })
    }

    fn compare(&self, server: &Server) -> Result<Since, Unobservable> {
        let now = Self::of(server)?;
        if now.output.saturating_sub(self.output) >= MUCH_OUTPUT {
            return Ok(Since { slept: false, sleeps_often: false });
        }
        let (mut slept, mut sleeps_often, mut used) = (false, true, Duration::ZERO);
        for (tid, (sleeps, cpu)) in &now.threads {
            let (sleeps_before, cpu_before) = self.threads.get(tid).copied().unwrap_or_default();
            let (sleeps, cpu) =
                (sleeps.saturating_sub(sleeps_before), cpu.saturating_sub(cpu_before));
            slept |= sleeps > 0;
            sleeps_often &= cpu <= BETWEEN_SLEEPS * sleeps as u32;
            used += cpu;
        }
        Ok(Since { slept, sleeps_often: sleeps_often && used * 2 <= now.at - self.at })
    }
}
