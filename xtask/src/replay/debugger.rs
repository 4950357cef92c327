//! Starts gdb on the program under test.

use anyhow::{Context, Result};
use std::fs;
use std::process::{Child, Command};
use std::thread;
use std::time::Duration;

/// How often gdb is looked at until it has attached.
const PAUSE: Duration = Duration::from_millis(20);

/// A running gdb. It has the terminal until the user ends it.
pub(super) struct Debugger(Child);

impl Debugger {
    /// Starts gdb on a process, and waits until gdb has stopped it or has ended.
    ///
    /// # Errors
    /// gdb cannot be started.
    pub(super) fn start(process: i32) -> Result<Self> {
        let child = Command::new("gdb").args(["-q", "-p", &process.to_string()]).spawn();
        let mut child = child.context("cannot start gdb; install the package gdb")?;
        while !is_traced(process) && child.try_wait()?.is_none() {
            thread::sleep(PAUSE);
        }
        Ok(Self(child))
    }

    /// Waits until the user ends gdb.
    ///
    /// # Errors
    /// The error of wait(2).
    pub(super) fn wait(mut self) -> Result<()> {
        self.0.wait().context("cannot wait for gdb")?;
        Ok(())
    }
}

/// Whether a process is traced (proc_pid_status(5), TracerPid).
fn is_traced(process: i32) -> bool {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let tracer = status.lines().find_map(|line| line.strip_prefix("TracerPid:"));
    tracer.is_some_and(|pid| pid.trim() != "0")
}
