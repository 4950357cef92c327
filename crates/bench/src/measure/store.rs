//! A key-value store against Redis: rates, CPU time, and the memory of a connection.

use super::{Setting, say};
use crate::exchange::Exchange;
use crate::report::{Figures, Heading, Said};
use crate::server::{ROOM, Server};
use crate::statistics::row;
use crate::turns::{Side, by_turns};
use anyhow::{Context, Result};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

/// Clients that always have a question open.
const CONNECTIONS: usize = 50;

/// Clients whose memory is counted.
const CROWD: usize = 10_000;

/// Room in a server that shows what it takes without a crowd.
const ALONE: usize = 10;

/// The most memory for a connection that the course promises, Redis's being 1.
const MEMORY_LIMIT: f64 = 0.25;

/// Time for a server to give memory back: Redis looks at each client once a second, and shrinks the
/// buffer of one that has been idle for more than two.
const LATER: Duration = Duration::from_secs(5);

/// Names that a random key is picked from.
const RANDOM_KEYS: u64 = 1_000_000;

/// What the store bench is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The store's program
    #[arg(long, value_name = "PATH")]
    server: PathBuf,
    /// Redis's program; without it, redis-server where there is one
    #[arg(long, value_name = "PATH")]
    redis: Option<PathBuf>,
}

/// Measures each case, then memory.
///
/// # Errors
/// A server that cannot be started or answers wrongly.
pub(crate) fn run(args: &Args, setting: &Setting) -> Result<()> {
    let redis = Redis::find(args.redis.as_deref())?;
    let beside =
        redis.as_ref().map_or(String::new(), |redis| format!(", beside {}", redis.version));
    setting.begin(Heading {
        bench: "store".into(),
        title: format!("{CONNECTIONS} connections, 3-byte values{beside}"),
        server: "store".into(),
        reference: redis.is_some().then(|| "Redis".into()),
        columns: ["requests a second".into(), "server CPU for each".into()],
        promises: true,
        runs: setting.runs,
    })?;
    if redis.is_none() {
        let note = "no redis-server here to compare with; --redis PATH names one";
        say(&Said::Note(note.into()))?;
    }
    let servers = Servers { program: &args.server, redis: redis.as_ref(), setting };
    rates(&servers)?;
    memory(&servers)
}

/// One kind of request, and how many a run has.
struct Case {
    name: String,
    exchange: Exchange,
    requests: u64,
    limit: f64,
}

/// GET and SET with 1, 16 and 64 requests a write, then SET all over a large table.
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
    let (mut server, mut redis) = servers.start(ROOM)?;
    server.join(CONNECTIONS, &mut hello, 1)?;
    if let Some(redis) = &mut redis {
        redis.join(CONNECTIONS, &mut hello, 1)?;
    }
    for Case { name, mut exchange, requests, limit } in cases() {
        let work = servers.setting.work(requests);
        let runs = by_turns(servers.setting.runs, &mut server, redis.as_mut(), |side| {
            side.run(&mut exchange, work)
        })?;
        say(&Said::Row(row(name, &runs.server, &runs.reference, Some(limit))))?;
    }
    Ok(())
}

/// What the store and Redis are started with.
struct Servers<'a> {
    program: &'a Path,
    redis: Option<&'a Redis>,
    setting: &'a Setting,
}

impl Servers<'_> {
    /// Both, with room for so many clients.
    fn start(&self, room: usize) -> Result<(Side, Option<Side>)> {
        let cores = self.setting.cores;
        let server = Server::start(cores, room, |_| Command::new(self.program))?;
        let start = |redis: &Redis| Server::start(cores, room, |port| redis.command(port, room));
        let redis = self.redis.map(start);
        Ok((Side::new(server), redis.transpose()?.map(Side::new)))
    }
}

/// What servers keep for each of many clients that have said PING once: at once, and when they have
/// had time to give some back.
fn memory(servers: &Servers<'_>) -> Result<()> {
    if !servers.setting.allows(CROWD) {
        return say(&Said::Note(format!("{CROWD} clients: more than `ulimit -Hn` allows here")));
    }
    let (alone, alone_redis) = servers.start(ALONE)?;
    let (server, redis) = servers.start(ROOM)?;
    let later = (!servers.setting.quick).then_some(LATER);
    let server = grown(alone, server, later)?;
    let redis = alone_redis.zip(redis).map(|(alone, redis)| grown(alone, redis, later));
    let mut redis = redis.transpose()?.unwrap_or_default().into_iter();
    let cases = [
        ("memory for each of 10,000 clients, after a PING", Some(MEMORY_LIMIT)),
        ("the same 5 seconds later", None),
    ];
    for ((case, limit), server) in cases.into_iter().zip(server) {
        let redis: Vec<_> = redis.next().into_iter().collect();
        say(&Said::Row(row(case, &[server], &redis, limit)))?;
    }
    Ok(())
}

/// How much more memory `crowded` takes with a crowd than `alone`, the same program with room for
/// next to nobody: so a table that is made at the start counts as well.
fn grown(mut alone: Side, mut crowded: Side, later: Option<Duration>) -> Result<Vec<Figures>> {
    let mut ping = Exchange::command(&["PING"], "+PONG\r\n");
    alone.join(1, &mut ping, 1)?;
    let base = alone.memory()?;
    crowded.join(CROWD, &mut ping, 1)?;
    let mut figures = vec![for_each_client(crowded.memory()?.saturating_sub(base))];
    if let Some(later) = later {
        thread::sleep(later);
        figures.push(for_each_client(crowded.memory()?.saturating_sub(base)));
    }
    Ok(figures)
}

fn for_each_client(bytes: u64) -> Figures {
    Figures { bytes: Some(bytes as f64 / CROWD as f64), ..Figures::default() }
}

/// Redis on this machine.
struct Redis {
    program: PathBuf,
    version: String,
}

impl Redis {
    /// The one that is named, or whatever PATH has; `None` where PATH has none.
    ///
    /// # Errors
    /// A program that is named and does not run.
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
        let number = number.with_context(|| format!("{} is no Redis", program.display()))?;
        Ok(Some(Self { program: program.into(), version: format!("Redis {number}") }))
    }

    /// Redis without persistence.
    fn command(&self, port: u16, room: usize) -> Command {
        let mut command = Command::new(&self.program);
        command.args(["--port", &port.to_string(), "--bind", "127.0.0.1"]);
        command.args(["--save", "", "--appendonly", "no", "--maxclients", &room.to_string()]);
        command
    }
}
