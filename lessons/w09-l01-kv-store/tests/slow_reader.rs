//! Runs the server program with a client that requests much output and reads slowly.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

const MEBIBYTE: usize = 1 << 20;

/// The number of GET commands that are sent at once. Their replies are much longer than the output
/// that the server stores for a client.
const TIMES: usize = 60;

#[test]
fn a_slow_reader_gets_every_reply_and_fills_little_memory() {
    let server = Server::start();
    let mut client = server.connect();
    let value: Vec<u8> = (0..MEBIBYTE).map(|at| at as u8).collect();
    let set = format!("*3\r\n$3\r\nSET\r\n$5\r\nlarge\r\n${MEBIBYTE}\r\n");
    client.write_all(&[set.as_bytes(), &value, b"\r\n"].concat()).unwrap();
    expect(&mut client, b"+OK\r\n");

    client.write_all(&b"GET large\r\n".repeat(TIMES)).unwrap();
    client.write_all(b"PING\r\n").unwrap();
    let reply = [format!("${MEBIBYTE}\r\n").as_bytes(), &value, b"\r\n"].concat();
    let mut most = 0;
    for _ in 0..TIMES {
        expect(&mut client, &reply);
        most = most.max(server.memory());
    }
    expect(&mut client, b"+PONG\r\n");
    assert!(most < 32 * MEBIBYTE, "{} MiB", most / MEBIBYTE);
}

fn expect(client: &mut TcpStream, bytes: &[u8]) {
    let mut got = vec![0; bytes.len()];
    client.read_exact(&mut got).unwrap();
    assert!(got == bytes);
}

/// A server for one test. The process is killed at the end of the test.
struct Server {
    process: Child,
    port: u16,
}

impl Server {
    fn start() -> Server {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new(env!("CARGO_BIN_EXE_w09-l01-kv-store"));
        command.env("PORT", port.to_string()).env_remove("REQUIREPASS").stdout(Stdio::null());
        Server { process: command.spawn().unwrap(), port }
    }

    fn connect(&self) -> TcpStream {
        loop {
            match TcpStream::connect(("127.0.0.1", self.port)) {
                Ok(client) => return client,
                Err(_) => std::thread::yield_now(),
            }
        }
    }

    /// The server's resident memory in bytes (proc_pid_statm(5)).
    fn memory(&self) -> usize {
        let statm = fs::read_to_string(format!("/proc/{}/statm", self.process.id())).unwrap();
        statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
