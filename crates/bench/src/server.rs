//! A server under measurement. It is started, pinned to a core, and killed when the bench ends.

use crate::cores::Cores;
use crate::load::connect;
use anyhow::{Context, Result, bail};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::time::ClockId;
use nix::unistd::{Pid, getpid, getppid};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, io, thread};

/// The number of clients for which a server is configured. No bench connects more clients.
pub(crate) const MAX_CLIENTS: usize = 10_000;

/// The maximum time from the start of a server until it listens.
const START_TIMEOUT: Duration = Duration::from_secs(10);

/// A running server. Dropping this value kills the server.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    port: u16,
}

impl Server {
    /// Starts a server on the server's core, and waits until it listens. `command` gets a free port
    /// and returns the command line. In the server's environment, PORT is this port and MAX_CLIENTS
    /// is `max_clients`.
    ///
    /// # Errors
    /// The program cannot be started, ends before it listens, or does not listen within 10 seconds.
    pub(crate) fn start(
        cores: Option<Cores>,
        max_clients: usize,
        command: impl Fn(u16) -> Command,
    ) -> Result<Self> {
        let port = free_port().context("no port is free")?;
        let mut command = command(port);
        command.env("PORT", port.to_string()).env("MAX_CLIENTS", max_clients.to_string());
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let parent = getpid();
        // SAFETY: between fork and exec, `prepare` only makes system calls and allocates no memory.
        unsafe { command.pre_exec(move || prepare(parent, cores)) };
        let name = command.get_program().display().to_string();
        let child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        let mut server = Self { child, port };
        server.wait_listening().with_context(|| name)?;
        Ok(server)
    }

    /// The TCP port that the server listens on.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The CPU time of all the server's threads, user time plus system time
    /// (clock_getcpuclockid(3)).
    ///
    /// # Errors
    /// The server has ended.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        let clock = ClockId::pid_cpu_clock_id(self.pid());
        let time = clock.and_then(ClockId::now).context("the server has ended")?;
        Ok(time.into())
    }

    /// The server's memory in bytes: its proportional set size, which divides a shared page among
    /// the processes that map it (proc_pid_smaps(5), Pss).
    ///
    /// # Errors
    /// The server has ended.
    pub(crate) fn memory(&self) -> Result<u64> {
        let text = fs::read_to_string(format!("/proc/{}/smaps_rollup", self.pid()))
            .context("cannot read the server's memory use")?;
        pss(&text).context("smaps_rollup has no line Pss")
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }

    fn wait_listening(&mut self) -> Result<()> {
        let start = Instant::now();
        while connect(self.port).is_err() {
            if let Some(status) = self.child.try_wait()? {
                bail!("it ended before it listened: {status}");
            }
            if start.elapsed() > START_TIMEOUT {
                bail!("it does not listen on port {}, the value of PORT", self.port);
            }
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // If a call fails, the server has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Prepares the child process, after fork and before exec.
fn prepare(parent: Pid, cores: Option<Cores>) -> io::Result<()> {
    set_pdeathsig(Signal::SIGKILL)?;
    // If the parent ended before this call, the kernel will send no signal
    // (PR_SET_PDEATHSIG(2const)).
    if getppid() != parent {
        return Err(io::ErrorKind::Interrupted.into());
    }
    cores.map_or(Ok(()), |cores| cores.pin_server())
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn pss(smaps_rollup: &str) -> Option<u64> {
    let line = smaps_rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proportional_set_size_is_read_in_bytes() {
        let text = "55d0-7ffd ---p 00000000 00:00 0 [rollup]\nRss:  900 kB\nPss:  12 kB\n";
        assert_eq!(pss(text), Some(12 * 1024));
        assert_eq!(pss("Rss: 900 kB"), None);
    }

    #[test]
    fn a_program_that_ends_before_it_listens_is_an_error() {
        let error = Server::start(None, MAX_CLIENTS, |_| Command::new("true")).unwrap_err();
        assert!(format!("{error:#}").contains("true: it ended before it listened"), "{error:#}");
    }

    #[test]
    fn a_program_that_does_not_exist_is_an_error() {
        let error =
            Server::start(None, MAX_CLIENTS, |_| Command::new("/no/such/server")).unwrap_err();
        assert!(error.to_string().contains("cannot start /no/such/server"), "{error}");
    }
}
