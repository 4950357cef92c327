//! Compares a key-value store with Redis: rates, CPU time, and the memory of a connection.

use super::{Settings, print};
use crate::alternate::{Contender, alternate};
use crate::exchange::Exchange;
use crate::report::{Figures, Heading, Record};
use crate::server::{MAX_CLIENTS, Server};
use crate::statistics::row;
use anyhow::{Context, Result};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

/// The number of clients that send requests.
const CONNECTIONS: usize = 50;

/// The number of clients with which memory is measured.
const MANY_CLIENTS: usize = 10_000;

/// The number of clients for which the small server in [`memory_growth`] is configured.
const FEW_CLIENTS: usize = 10;

/// The maximum memory for a connection that the course promises, as a multiple of Redis's memory
/// for a connection.
const MEMORY_LIMIT: f64 = 0.25;

/// The time after which a server has released memory: Redis checks each client once a second, and
/// shrinks the buffer of a client that has been idle for more than two seconds.
const SETTLING_TIME: Duration = Duration::from_secs(5);

/// The number of keys from which a random key is chosen.
const RANDOM_KEYS: u64 = 1_000_000;

/// The arguments of the store bench.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The path of the store's program
    #[arg(long, value_name = "PATH")]
    server: PathBuf,
    /// The path of the Redis server; without this option, redis-server from PATH, if it is
    /// installed
    #[arg(long, value_name = "PATH")]
    redis: Option<PathBuf>,
}

/// Measures the speed of each case, and then the memory of a connection.
///
/// # Errors
/// A server cannot be started, or sends a wrong reply.
pub(crate) fn run(args: &Args, settings: &Settings) -> Result<()> {
    let redis = Redis::find(args.redis.as_deref())?;
    let beside =
        redis.as_ref().map_or(String::new(), |redis| format!(", beside {}", redis.version));
    settings.begin(Heading {
        bench: "store".into(),
        title: format!("{CONNECTIONS} connections, 3-byte values{beside}"),
        server: "store".into(),
        reference: redis.is_some().then(|| "Redis".into()),
        columns: ["requests a second".into(), "server CPU for each".into()],
        promises: true,
        runs: settings.runs,
    })?;
    if redis.is_none() {
        let note = "redis-server is not in PATH: no comparison; --redis PATH names a Redis server";
        print(&Record::Note(note.into()))?;
    }
    let servers = Servers { program: &args.server, redis: redis.as_ref(), settings };
    rates(&servers)?;
    memory(&servers)
}

/// A kind of request, the number of requests in a run, and the promised limit.
struct Case {
    name: String,
    exchange: Exchange,
    requests: u64,
    limit: f64,
}

/// The cases: GET and SET with 1, 16 and 64 requests in one write, and then SET of random keys in a
/// large table.
fn cases() -> Vec<Case> {
    let get = Exchange::command(&["GET", "key"], "$3\r\nabc\r\n");
    let set = Exchange::command(&["SET", "key", "abc"], "+OK\r\n");
    let depths = [(1, 100_000, 1.0), (16, 800_000, 0.72), (64, 1_600_000, 0.45)];
    let mut cases = Vec::new();
    for (depth, requests, limit) in depths {
        for (name, exchange) in [("GET", &get), ("SET", &set)] {
            let exchange = exchange.clone().pipelined(depth);
            let name = match depth {
                1 => name.to_owned(),
                _ => format!("{name}, {depth} a pipeline"),
            };
            cases.push(Case { name, exchange, requests, limit });
        }
    }
    cases.push(Case {
        name: "SET 64 bytes, 1,000,000 random keys, 16 a pipeline".into(),
        exchange: Exchange::set_at_random(RANDOM_KEYS, 64).pipelined(16),
        requests: 600_000,
        limit: 0.6,
    });
    cases
}

fn rates(servers: &Servers<'_>) -> Result<()> {
    let mut hello = Exchange::command(&["SET", "key", "abc"], "+OK\r\n");
    let (mut server, mut redis) = servers.start(MAX_CLIENTS)?;
    server.connect_up_to(CONNECTIONS, &mut hello, 1)?;
    if let Some(redis) = &mut redis {
        redis.connect_up_to(CONNECTIONS, &mut hello, 1)?;
    }
    for Case { name, mut exchange, requests, limit } in cases() {
        let length = servers.settings.run_length(requests);
        let runs = alternate(servers.settings.runs, &mut server, redis.as_mut(), |contender| {
            contender.run(&mut exchange, length)
        })?;
        print(&Record::Row(row(name, &runs.server, &runs.reference, Some(limit))))?;
    }
    Ok(())
}

/// The programs to start: the store, and also Redis if it is installed.
struct Servers<'a> {
    program: &'a Path,
    redis: Option<&'a Redis>,
    settings: &'a Settings,
}

impl Servers<'_> {
    /// Starts the store and Redis, each configured for `max_clients` clients.
    fn start(&self, max_clients: usize) -> Result<(Contender, Option<Contender>)> {
        let cores = self.settings.cores;
        let server = Server::start(cores, max_clients, |_| Command::new(self.program))?;
        let start = |redis: &Redis| {
            Server::start(cores, max_clients, |port| redis.command(port, max_clients))
        };
        let redis = self.redis.map(start);
        Ok((Contender::new(server), redis.transpose()?.map(Contender::new)))
    }
}

/// Measures the memory for each of many clients. Each client sends one PING. The memory is measured
/// immediately after the last PING, and again after [`SETTLING_TIME`].
fn memory(servers: &Servers<'_>) -> Result<()> {
    if !servers.settings.allows(MANY_CLIENTS) {
        return print(&Record::Note(format!(
            "{MANY_CLIENTS} clients: more than `ulimit -Hn` permits on this machine"
        )));
    }
    let (small, small_redis) = servers.start(FEW_CLIENTS)?;
    let (server, redis) = servers.start(MAX_CLIENTS)?;
    let later = (!servers.settings.quick).then_some(SETTLING_TIME);
    let server = memory_growth(small, server, later)?;
    let redis = small_redis.zip(redis).map(|(small, redis)| memory_growth(small, redis, later));
    let mut redis = redis.transpose()?.unwrap_or_default().into_iter();
    let cases = [
        ("memory for each of 10,000 clients, after a PING", Some(MEMORY_LIMIT)),
        ("the same 5 seconds later", None),
    ];
    for ((case, limit), server) in cases.into_iter().zip(server) {
        let redis: Vec<_> = redis.next().into_iter().collect();
        print(&Record::Row(row(case, &[server], &redis, limit)))?;
    }
    Ok(())
}

/// The memory for each client: the memory of `large` with many clients minus the memory of `small`
/// with one client, divided by the number of clients. `small` is the same program, but it is
/// configured for few clients. Therefore a table that `large` allocates at its start is counted
/// too.
fn memory_growth(
    mut small: Contender,
    mut large: Contender,
    later: Option<Duration>,
) -> Result<Vec<Figures>> {
    let mut ping = Exchange::command(&["PING"], "+PONG\r\n");
    small.connect_up_to(1, &mut ping, 1)?;
    let base = small.memory()?;
    large.connect_up_to(MANY_CLIENTS, &mut ping, 1)?;
    let mut figures = vec![per_client(large.memory()?.saturating_sub(base))];
    if let Some(later) = later {
        thread::sleep(later);
        figures.push(per_client(large.memory()?.saturating_sub(base)));
    }
    Ok(figures)
}

fn per_client(bytes: u64) -> Figures {
    Figures { bytes: Some(bytes as f64 / MANY_CLIENTS as f64), ..Figures::default() }
}

/// Redis on this machine.
struct Redis {
    program: PathBuf,
    version: String,
}

impl Redis {
    /// Redis at the path `named`. Without a path, this is redis-server from PATH. `None` if PATH
    /// has no redis-server.
    ///
    /// # Errors
    /// The program cannot be run, or is not Redis.
    fn find(named: Option<&Path>) -> Result<Option<Self>> {
        let program = named.unwrap_or(Path::new("redis-server"));
        let output = match Command::new(program).arg("--version").output() {
            Err(error) if named.is_none() && error.kind() == ErrorKind::NotFound => {
                return Ok(None);
            }
            output => output.with_context(|| format!("cannot run {}", program.display()))?,
        };
        let text = String::from_utf8_lossy(&output.stdout);
        let number = text.split_whitespace().find_map(|word| word.strip_prefix("v="));
        let number = number.with_context(|| format!("{} is not Redis", program.display()))?;
        Ok(Some(Self { program: program.into(), version: format!("Redis {number}") }))
    }

    /// The command line of Redis without persistence.
    fn command(&self, port: u16, max_clients: usize) -> Command {
        let mut command = Command::new(&self.program);
        command.args(["--port", &port.to_string(), "--bind", "127.0.0.1"]);
        command.args([
            "--save",
            "",
            "--appendonly",
            "no",
            "--maxclients",
            &max_clients.to_string(),
        ]);
        command
    }
}
