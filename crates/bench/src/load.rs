//! The load generator: one thread with many clients, which have blocking sockets. Each client
//! always has a request pending. The thread goes from one client to the next, receives the reply
//! and sends the next request. The thread makes only two system calls for each exchange. Therefore
//! the server is the bottleneck of a run, and not the load generator.

use crate::exchange::Exchange;
use anyhow::{Context, Result};
use nix::libc::linger;
use nix::sys::socket::{setsockopt, sockopt};
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};

/// The timeout of each read and each write. If the server does not respond in this time, the run
/// fails.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Clients connected to one server.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    streams: Vec<TcpStream>,
}

/// The length of a run. The run ends after a number of requests. It ends earlier if its time
/// expires.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RunLength {
    /// The number of requests of all clients together.
    pub(crate) requests: u64,
    /// The maximum duration of a run. It limits the run on a slow machine.
    pub(crate) max_time: Duration,
}

/// The result of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Throughput {
    /// The number of requests that were answered correctly.
    pub(crate) requests: u64,
    /// The time from the first request to the last reply.
    pub(crate) elapsed: Duration,
}

impl Clients {
    /// Connects clients to `port` until `count` clients are connected. Every `every`-th client, and
    /// the last client, sends `hello` and waits for the reply. When the reply arrives, the server
    /// has accepted this client and all clients before it. Therefore the server's backlog never
    /// overflows, and at the end the server has accepted every client.
    ///
    /// # Errors
    /// The errors of connect(2), a wrong reply, or no reply.
    pub(crate) fn connect_up_to(
        &mut self,
        port: u16,
        count: usize,
        hello: &mut Exchange,
        every: usize,
    ) -> Result<()> {
        while self.streams.len() < count {
            let number = self.streams.len() + 1;
            let context = || format!("client {number} of {count}");
            let mut stream = connect(port).with_context(context)?;
            if number == count || number.is_multiple_of(every) {
                hello
                    .send(&mut stream)
                    .and_then(|()| hello.receive(&mut stream))
                    .with_context(context)?;
            }
            self.streams.push(stream);
        }
        Ok(())
    }

    /// Keeps the requests of every client pending until the run ends.
    ///
    /// # Errors
    /// The server closes a connection, does not reply in time, or sends a wrong reply.
    pub(crate) fn run(&mut self, exchange: &mut Exchange, length: RunLength) -> Result<Throughput> {
        let each = self.streams.len() as u64 * exchange.requests();
        let start = Instant::now();
        for stream in &mut self.streams {
            exchange.send(stream)?;
        }
        let mut sent = each;
        while sent < length.requests && start.elapsed() < length.max_time {
            for stream in &mut self.streams {
                exchange.receive(stream)?;
                exchange.send(stream)?;
            }
            sent += each;
        }
        for stream in &mut self.streams {
            exchange.receive(stream)?;
        }
        Ok(Throughput { requests: sent, elapsed: start.elapsed() })
    }

    /// Runs the first client alone, and returns the round-trip time of each exchange.
    ///
    /// # Errors
    /// As for [`Clients::run`].
    pub(crate) fn round_trips(
        &mut self,
        exchange: &mut Exchange,
        length: RunLength,
    ) -> Result<Vec<Duration>> {
        let stream = self.streams.first_mut().context("no client is connected")?;
        let start = Instant::now();
        let mut times = Vec::new();
        while (times.len() as u64) < length.requests && start.elapsed() < length.max_time {
            let asked = Instant::now();
            exchange.send(stream)?;
            exchange.receive(stream)?;
            times.push(asked.elapsed());
        }
        Ok(times)
    }
}

/// Connects to the server on `port` of this machine.
///
/// # Errors
/// The errors of connect(2).
pub(crate) fn connect(port: u16) -> Result<TcpStream> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).context("cannot connect")?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    // With a linger time of 0, close(2) leaves no connection in TIME_WAIT (socket(7), SO_LINGER).
    setsockopt(&stream, sockopt::Linger, &linger { l_onoff: 1, l_linger: 0 })?;
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
    use std::thread;

    const AMPLE_TIME: Duration = Duration::from_secs(60);

    /// Starts a server with a thread for each client. The server reads at most `max_read` bytes at
    /// a time and applies `change` to each byte before it sends the byte back. Returns the port,
    /// and the number of bytes that the server has read.
    fn server(max_read: usize, change: fn(u8) -> u8) -> (u16, Arc<AtomicU64>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let count = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&count);
        thread::spawn(move || {
            while let Ok((mut client, _)) = listener.accept() {
                let count = Arc::clone(&counted);
                thread::spawn(move || {
                    let mut buffer = vec![0; max_read];
                    while let Ok(length @ 1..) = client.read(&mut buffer) {
                        count.fetch_add(length as u64, SeqCst);
                        buffer.iter_mut().for_each(|byte| *byte = change(*byte));
                        client.write_all(&buffer[..length]).unwrap();
                    }
                });
            }
        });
        (port, count)
    }

    #[test]
    fn every_request_is_sent_once_and_answered() {
        let (port, count) = server(4096, |byte| byte);
        let (mut clients, mut echo) = (Clients::default(), Exchange::echo(64));
        clients.connect_up_to(port, 3, &mut echo, 2).unwrap();
        assert_eq!(count.load(SeqCst), 2 * 64, "the second and the last client say hello");
        let mut pipeline = echo.pipelined(5);
        let done =
            clients.run(&mut pipeline, RunLength { requests: 100, max_time: AMPLE_TIME }).unwrap();
        assert_eq!(done.requests, 105, "whole rounds of three clients with five requests each");
        assert_eq!(count.load(SeqCst), (2 + 105) * 64);
    }

    #[test]
    fn a_reply_may_arrive_in_pieces() {
        let (port, _) = server(7, |byte| byte);
        let (mut clients, mut echo) = (Clients::default(), Exchange::echo(64));
        clients.connect_up_to(port, 1, &mut echo, 1).unwrap();
        let length = RunLength { requests: 10, max_time: AMPLE_TIME };
        assert_eq!(clients.run(&mut echo, length).unwrap().requests, 10);
        assert_eq!(clients.round_trips(&mut echo, length).unwrap().len(), 10);
    }

    #[test]
    fn a_wrong_reply_ends_the_run() {
        let (port, _) = server(4096, |byte| byte.to_ascii_uppercase());
        let joined = Clients::default().connect_up_to(port, 1, &mut Exchange::echo(3), 1);
        let error = format!("{:#}", joined.unwrap_err());
        assert!(
            error.contains(r#"client 1 of 1: the server answered "ABC" where "abc""#),
            "{error}"
        );
    }

    #[test]
    fn a_run_ends_when_its_time_is_over() {
        let (port, _) = server(4096, |byte| byte);
        let (mut clients, mut echo) = (Clients::default(), Exchange::echo(3));
        clients.connect_up_to(port, 2, &mut echo, 1).unwrap();
        let length = RunLength { requests: u64::MAX, max_time: Duration::ZERO };
        assert_eq!(clients.run(&mut echo, length).unwrap().requests, 2);
    }
}
