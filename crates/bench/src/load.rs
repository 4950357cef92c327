//! The load generator: clients that always have a question open, in one thread, on blocking
//! sockets. It goes from client to client, hears the answer and asks again: two system calls an
//! exchange, so that the server, not the generator, is what a run measures.

use crate::exchange::Exchange;
use anyhow::{Context, Result};
use nix::libc::linger;
use nix::sys::socket::{setsockopt, sockopt};
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};

/// A server that is silent for this long has stopped.
const PATIENCE: Duration = Duration::from_secs(10);

/// Clients connected to one server.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    streams: Vec<TcpStream>,
}

/// How long a run goes on: for this many requests, unless the time is over before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work {
    /// Requests of all clients together.
    pub(crate) requests: u64,
    /// A bound for slow machines.
    pub(crate) at_most: Duration,
}

/// What a run came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Done {
    /// Requests that were answered, and rightly.
    pub(crate) requests: u64,
    /// From the first request to the last answer.
    pub(crate) elapsed: Duration,
}

impl Clients {
    /// Connects clients to `port` until there are `count`. Every `every`-th says `hello` and waits
    /// for its answer, so that the server's backlog never overflows; so does the last one, and all
    /// are then known to the server.
    ///
    /// # Errors
    /// Those of connect(2), and of a server that does not answer rightly.
    pub(crate) fn join(
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
                    .ask(&mut stream)
                    .and_then(|()| hello.hear(&mut stream))
                    .with_context(context)?;
            }
            self.streams.push(stream);
        }
        Ok(())
    }

    /// Keeps a question of every client open until the work is done.
    ///
    /// # Errors
    /// A server that hangs up, falls silent or answers wrongly.
    pub(crate) fn run(&mut self, exchange: &mut Exchange, work: Work) -> Result<Done> {
        let each = self.streams.len() as u64 * exchange.requests();
        let start = Instant::now();
        for stream in &mut self.streams {
            exchange.ask(stream)?;
        }
        let mut asked = each;
        while asked < work.requests && start.elapsed() < work.at_most {
            for stream in &mut self.streams {
                exchange.hear(stream)?;
                exchange.ask(stream)?;
            }
            asked += each;
        }
        for stream in &mut self.streams {
            exchange.hear(stream)?;
        }
        Ok(Done { requests: asked, elapsed: start.elapsed() })
    }

    /// One client's exchanges, one after another, and how long each took.
    ///
    /// # Errors
    /// As for [`Clients::run`].
    pub(crate) fn round_trips(
        &mut self,
        exchange: &mut Exchange,
        work: Work,
    ) -> Result<Vec<Duration>> {
        let stream = self.streams.first_mut().context("nobody is connected")?;
        let start = Instant::now();
        let mut times = Vec::new();
        while (times.len() as u64) < work.requests && start.elapsed() < work.at_most {
            let asked = Instant::now();
            exchange.ask(stream)?;
            exchange.hear(stream)?;
            times.push(asked.elapsed());
        }
        Ok(times)
    }
}

/// A client of the server on `port` of this machine.
///
/// # Errors
/// Those of connect(2).
pub(crate) fn connect(port: u16) -> Result<TcpStream> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).context("cannot connect")?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    // Thousands that come and go leave no port in TIME_WAIT (socket(7), SO_LINGER).
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

    const ENOUGH: Duration = Duration::from_secs(60);

    /// A server with a thread a client, which sends each byte back `through` a change, `piece`
    /// bytes at a time at the most; and how many bytes it has read.
    fn server(piece: usize, through: fn(u8) -> u8) -> (u16, Arc<AtomicU64>) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let count = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&count);
        thread::spawn(move || {
            while let Ok((mut client, _)) = listener.accept() {
                let count = Arc::clone(&counted);
                thread::spawn(move || {
                    let mut buffer = vec![0; piece];
                    while let Ok(length @ 1..) = client.read(&mut buffer) {
                        count.fetch_add(length as u64, SeqCst);
                        buffer.iter_mut().for_each(|byte| *byte = through(*byte));
                        client.write_all(&buffer[..length]).unwrap();
                    }
                });
            }
        });
        (port, count)
    }

    #[test]
    fn every_request_is_sent_and_answered_once() {
        let (port, count) = server(4096, |byte| byte);
        let (mut clients, mut echo) = (Clients::default(), Exchange::echo(64));
        clients.join(port, 3, &mut echo, 2).unwrap();
        assert_eq!(count.load(SeqCst), 2 * 64, "the second and the last client say hello");
        let mut pipeline = echo.pipelined(5);
        let done = clients.run(&mut pipeline, Work { requests: 100, at_most: ENOUGH }).unwrap();
        assert_eq!(done.requests, 105, "whole rounds of three clients with five requests each");
        assert_eq!(count.load(SeqCst), (2 + 105) * 64);
    }

    #[test]
    fn an_answer_may_come_in_pieces() {
        let (port, _) = server(7, |byte| byte);
        let (mut clients, mut echo) = (Clients::default(), Exchange::echo(64));
        clients.join(port, 1, &mut echo, 1).unwrap();
        let work = Work { requests: 10, at_most: ENOUGH };
        assert_eq!(clients.run(&mut echo, work).unwrap().requests, 10);
        assert_eq!(clients.round_trips(&mut echo, work).unwrap().len(), 10);
    }

    #[test]
    fn a_wrong_answer_ends_the_run() {
        let (port, _) = server(4096, |byte| byte.to_ascii_uppercase());
        let joined = Clients::default().join(port, 1, &mut Exchange::echo(3), 1);
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
        clients.join(port, 2, &mut echo, 1).unwrap();
        let work = Work { requests: u64::MAX, at_most: Duration::ZERO };
        assert_eq!(clients.run(&mut echo, work).unwrap().requests, 2);
    }
}
