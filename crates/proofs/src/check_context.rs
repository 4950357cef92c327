//! The context of a check: the program, the lesson's defaults, and the functions that start a
//! server.

use crate::check_error::{CheckError, HarnessError};
use crate::defaults::LessonDefaults;
use crate::port_lock::PortLock;
use crate::program::ProgramUnderTest;
use crate::test_run::TestRun;
use witness::{FaultInjector, Launch, RunHistory};

/// The context that a check receives. A check can start several servers.
pub(crate) struct CheckContext<'a> {
    pub(crate) lesson: LessonDefaults,
    pub(crate) program: &'a ProgramUnderTest,
    /// What earlier test runs have shown about the program.
    pub(crate) history: RunHistory,
}

impl CheckContext<'_> {
    /// The same context for a program with other settings.
    pub(crate) fn with_program<'b>(&self, program: &'b ProgramUnderTest) -> CheckContext<'b> {
        CheckContext { lesson: self.lesson, program, history: self.history.clone() }
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
        let (port, capacity) = (self.port(), self.capacity(capacity));
        let isolation = self.program.isolation_level();
        // If servers share this machine's network, only one server at a time can listen on the
        // port.
        let lock = if isolation.shares_ports() { Some(PortLock::acquire(port)?) } else { None };

        // Set the program, and the settings that every lesson has.
        let (executable, arguments) =
            self.program.command.split_first().ok_or(HarnessError("no command".into()))?;
        let mut launch = Launch::new(executable)
            .args(arguments)
            .env("PORT", port.to_string())
            .port(port)
            .env_remove("REQUIREPASS")
            .current_dir(&self.program.directory)
            .faults(faults)
            .isolation(isolation)
            .timeout(self.program.timeout)
            .history(self.history.clone());
        if let Some(policy) = &self.program.sandbox {
            launch = launch.sandboxed(policy.clone());
        }

        // Add the settings that only some lessons have.
        let mut started = format!("started with PORT={port}");
        if self.lesson.capacity > 0 {
            launch = launch.env("MAX_CLIENTS", capacity.to_string());
            started += &format!(" MAX_CLIENTS={capacity}");
        }
        if let Some(password) = password {
            launch = launch.env("REQUIREPASS", password);
            started += &format!(" REQUIREPASS={password}");
        }
        Ok(TestRun::new(self.lesson, launch.start()?, (port, capacity), started, lock))
    }
}
