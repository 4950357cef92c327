//! The context of a check: the program, the lesson's defaults, and the functions that start a
//! server.

use crate::check_error::{CheckError, HarnessError};
use crate::defaults::LessonDefaults;
use crate::port_lock::PortLock;
use crate::program::ProgramUnderTest;
use crate::test_run::TestRun;
use fastrand::Rng;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use witness::{FaultInjector, Launch, RunHistory};

/// The context that a check receives. A check can start several servers.
pub(crate) struct CheckContext<'a> {
    pub(crate) lesson: LessonDefaults,
    pub(crate) program: &'a ProgramUnderTest,
    /// What earlier test runs have shown about the program.
    pub(crate) history: RunHistory,
    /// The moment at which the check must have ended.
    deadline: Instant,
    seed: u64,
    /// Whether the check has used the seed.
    has_drawn: Arc<AtomicBool>,
}

impl<'a> CheckContext<'a> {
    /// A context for the check of one criterion, which begins now.
    pub(crate) fn new(
        lesson: LessonDefaults,
        program: &'a ProgramUnderTest,
        history: RunHistory,
        seed: u64,
    ) -> Self {
        let deadline = Instant::now() + program.timeout;
        Self { lesson, program, history, deadline, seed, has_drawn: Arc::default() }
    }

    /// The same context for a program with other settings.
    pub(crate) fn with_program<'b>(&self, program: &'b ProgramUnderTest) -> CheckContext<'b> {
        CheckContext {
            lesson: self.lesson,
            program,
            history: self.history.clone(),
            deadline: self.deadline,
            seed: self.seed,
            has_drawn: self.has_drawn.clone(),
        }
    }

    /// The number from which this run's keys, texts and sizes are drawn. The command that repeats a
    /// failure names this number if the check has called this function.
    #[allow(dead_code, reason = "not every lesson draws values")]
    pub(crate) fn seed(&self) -> u64 {
        self.has_drawn.store(true, Ordering::Relaxed);
        self.seed
    }

    /// A generator of values that a server cannot know in advance. Two generators with the same
    /// `purpose` give the same values for the same [`seed`](Self::seed), whatever other checks
    /// draw. `purpose` is the criterion's id, or a longer text if a criterion needs several
    /// generators.
    #[allow(dead_code, reason = "not every lesson draws values")]
    pub(crate) fn random(&self, purpose: &str) -> Rng {
        // FNV-1a distributes the texts over all numbers. The standard library's hasher may give
        // other numbers in another version of Rust.
        let hash = purpose.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
        });
        Rng::with_seed(self.seed() ^ hash)
    }

    /// The seed, if the check has used it.
    pub(crate) fn used_seed(&self) -> Option<u64> {
        self.has_drawn.load(Ordering::Relaxed).then_some(self.seed)
    }

    /// Checks that the time of this check is not over. A server that is started later would have no
    /// time. A check that repeats a step very often asks before each step: a wait whose condition
    /// holds at once does not look at the clock.
    pub(crate) fn check_time_left(&self) -> Result<(), CheckError> {
        if Instant::now() >= self.deadline {
            let limit = self.program.timeout.as_secs();
            return Err(CheckError::OutOfTime(format!(
                "everything up to here was right, and took more than {limit} s; \
                 give it more time with --timeout {}",
                (limit * 6).min(3600)
            )));
        }
        Ok(())
    }

    /// The port that the server listens on.
    pub(crate) fn port(&self) -> u16 {
        self.program.port.unwrap_or(self.lesson.port)
    }

    /// The number of slots that the server has. This is `wanted` if the program reads MAX_CLIENTS.
    pub(crate) fn capacity(&self, wanted: usize) -> usize {
        self.program.capacity.unwrap_or(wanted)
    }

    /// Starts a server with the lesson's own capacity, and waits until the server listens.
    pub(crate) fn start(&self) -> Result<TestRun, CheckError> {
        self.start_with(self.lesson.capacity, FaultInjector::default())
    }

    /// Starts a server and waits until the server listens. The server has `capacity` slots if the
    /// program reads MAX_CLIENTS. The check can make the system calls fail that `faults` names.
    pub(crate) fn start_with(
        &self,
        capacity: usize,
        faults: FaultInjector,
    ) -> Result<TestRun, CheckError> {
        let mut run = self.launch(capacity, faults)?;
        run.wait_listening()?;
        // A server listens before it logs [START]. Wait for this line, because the line belongs to
        // the first step.
        let _ = run.server.wait_for(|now| Ok((!now.log().is_empty()).then_some(())));
        Ok(run)
    }

    /// Starts a server, and does not wait until the server listens.
    pub(crate) fn launch(
        &self,
        capacity: usize,
        faults: FaultInjector,
    ) -> Result<TestRun, CheckError> {
        self.launch_with(capacity, faults, None)
    }

    /// Starts a server, and does not wait until the server listens. Sets REQUIREPASS if there is a
    /// `password`.
    pub(crate) fn launch_with(
        &self,
        capacity: usize,
        faults: FaultInjector,
        password: Option<&str>,
    ) -> Result<TestRun, CheckError> {
        let password = password.map(|password| ("REQUIREPASS", password));
        self.launch_settings(capacity, faults, &[password.as_slice()])
    }

    /// Starts a server, and does not wait until the server listens. Each setting is a name and a
    /// value, which may replace the value of PORT or MAX_CLIENTS. The server is started with the
    /// first settings. It can be started again with the others ([`TestRun::restart_with`]).
    pub(crate) fn launch_settings(
        &self,
        capacity: usize,
        faults: FaultInjector,
        settings: &[&[(&str, &str)]],
    ) -> Result<TestRun, CheckError> {
        let (port, capacity) = (self.port(), self.capacity(capacity));
        self.check_time_left()?;
        let isolation = self.program.isolation_level();
        // If servers share this machine's network, only one server at a time can listen on the
        // port.
        let waiting = Instant::now();
        let lock = if isolation.shares_ports() { Some(PortLock::acquire(port)?) } else { None };
        self.program.do_not_count(waiting.elapsed());

        // Add the settings that only some lessons have, and those of the check.
        let all: Vec<_> =
            settings.iter().map(|settings| self.environment(capacity, settings)).collect();
        let (first, later) = all.split_first().ok_or(HarnessError("no settings".into()))?;
        let mut launch = self.new_launch()?.port(port).env_remove("REQUIREPASS").faults(faults);
        for (name, value) in first {
            launch = launch.env(name, value);
        }
        for settings in later {
            launch = launch.env_of_restart(settings.iter().cloned());
        }
        let started = started_text(first);
        self.program.note_step(&started);
        let mut run = TestRun::new(
            self.lesson,
            launch.start()?,
            (port, capacity),
            started,
            lock,
            self.program,
        );
        run.later_starts = later.iter().map(|settings| started_text(settings)).collect();
        Ok(run)
    }

    /// A launch of the program, with what is the same for every lesson.
    pub(crate) fn new_launch(&self) -> Result<Launch, CheckError> {
        self.check_time_left()?;
        let (executable, arguments) =
            self.program.command.split_first().ok_or(HarnessError("no command".into()))?;
        let launch = Launch::new(executable)
            .args(arguments)
            .current_dir(&self.program.directory)
            // Fifty children that panic need seconds to print their backtraces. The message names
            // the place without them.
            .env("RUST_BACKTRACE", "0")
            .isolation(self.program.isolation_level())
            .timeout(self.program.timeout)
            .deadline(self.deadline)
            .history(self.history.clone());
        let launch = match &self.program.recording {
            Some(recording) => launch.recorded(recording.recorder()),
            None => launch,
        };
        Ok(match &self.program.sandbox {
            Some(policy) => launch.sandboxed(policy.clone()),
            None => launch,
        })
    }

    /// The settings of a start: PORT, MAX_CLIENTS if the lesson has it, and `changes`.
    fn environment(&self, capacity: usize, changes: &[(&str, &str)]) -> Vec<(String, String)> {
        let mut settings = self.lesson.settings(self.port(), capacity);
        for (name, value) in changes {
            match settings.iter_mut().find(|(other, _)| other == name) {
                Some((_, replaced)) => *replaced = (*value).to_owned(),
                None => settings.push(((*name).to_owned(), (*value).to_owned())),
            }
        }
        settings
    }
}

/// The text of the step in which a server was started with these settings.
fn started_text(settings: &[(String, String)]) -> String {
    let texts: Vec<_> = settings.iter().map(|it| setting_text(&it.0, &it.1)).collect();
    format!("started with {}", texts.join(" "))
}

/// A setting as one types it in a shell: `PORT=7000`, `PORT=""`.
fn setting_text(name: &str, value: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    let is_plain = !value.is_empty() && value.bytes().all(is_plain);
    if is_plain { format!("{name}={value}") } else { format!("{name}={value:?}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;
    use std::time::Duration;

    /// What a check of a program draws with this seed for this purpose.
    fn drawn(seed: u64, purpose: &str) -> [u64; 3] {
        let program = program(Duration::from_secs(10));
        let mut random = context(&program, seed).random(purpose);
        [0; 3].map(|_| random.u64(..))
    }

    fn program(timeout: Duration) -> ProgramUnderTest {
        ProgramUnderTest {
            command: vec!["true".into()],
            directory: PathBuf::from("/"),
            port: None,
            capacity: None,
            isolation: None,
            timeout,
            sandbox: None,
            workers: None,
            seed: None,
            budget: None,
            recording: None,
        }
    }

    fn context(program: &ProgramUnderTest, seed: u64) -> CheckContext<'_> {
        let lesson = LessonDefaults {
            id: "w03-l02",
            is_client: false,
            port: 7000,
            capacity: 64,
            logs_clients: true,
        };
        CheckContext::new(lesson, program, RunHistory::default(), seed)
    }

    #[test]
    fn the_same_seed_and_purpose_give_the_same_values() {
        assert_eq!(drawn(812, "echo"), drawn(812, "echo"));
        assert_ne!(drawn(812, "echo"), drawn(813, "echo"));
        assert_ne!(drawn(812, "echo"), drawn(812, "flips"));
    }

    #[test]
    fn only_a_check_that_draws_values_has_a_seed() {
        let program = program(Duration::from_secs(10));
        let context = context(&program, 812);
        assert_eq!(context.used_seed(), None);
        let other = context.with_program(&program);
        other.random("echo");
        assert_eq!(context.used_seed(), Some(812));
    }

    #[test]
    fn no_server_is_started_after_the_deadline() {
        let program = program(Duration::ZERO);
        let Err(CheckError::OutOfTime(why)) = context(&program, 1).start().map(drop) else {
            panic!("a server was started");
        };
        assert!(why.contains("--timeout"), "{why}");
    }
}
