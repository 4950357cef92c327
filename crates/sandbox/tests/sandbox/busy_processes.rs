//! Makes the machine busy, for tests of what a busy machine must not cause. The tests of `witness` use
//! this file, too.

use std::io::Read;
use std::process::{Child, Command, Stdio};

/// Processes that keep the first processor busy until this value is dropped or the test process
/// ends.
pub(crate) struct BusyProcesses(Vec<Child>);

impl BusyProcesses {
    /// Each process has a session of its own, because the kernel may divide a processor among
    /// sessions (sched(7), "The autogroup feature").
    pub(crate) fn new(number: usize) -> Self {
        let text = "import os; os.setsid(); os.sched_setaffinity(0, {0}); parent = os.getppid()\n\
                    print(flush=True)\nwhile os.getppid() == parent: pass";
        let one = |_| {
            let mut command = Command::new("python3");
            command.args(["-c", text]).stdout(Stdio::piped()).spawn().unwrap()
        };
        let mut processes: Vec<_> = (0..number).map(one).collect();
        // A process that has not finished its start is not busy yet.
        for process in &mut processes {
            process.stdout.take().unwrap().read_exact(&mut [0]).unwrap();
        }
        Self(processes)
    }
}

impl Drop for BusyProcesses {
    fn drop(&mut self) {
        for process in &mut self.0 {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }
}
