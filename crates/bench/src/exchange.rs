//! The bytes that a client sends and the bytes that the client must receive. Both are prepared
//! before a run begins.

use anyhow::{Context, Result, ensure};
use std::io::{Read, Write};

/// The number of digits in the name of a random key.
const DIGITS: usize = 12;

/// Requests that are sent in one write, and the expected bytes of their replies.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    request: Vec<u8>,
    reply: Vec<u8>,
    received: Vec<u8>,
    requests: u64,
    random: Option<RandomKeys>,
}

impl Exchange {
    /// A message of `length` bytes, which the server must send back.
    pub(crate) fn echo(length: usize) -> Self {
        let message: Vec<u8> = (b'a'..=b'z').cycle().take(length).collect();
        Self::new(message.clone(), message)
    }

    /// A Redis command as an array of bulk strings, and its reply (Redis serialization protocol
    /// specification).
    pub(crate) fn command(words: &[&str], reply: &str) -> Self {
        let mut request = format!("*{}\r\n", words.len());
        for word in words {
            request += &format!("${}\r\n{word}\r\n", word.len());
        }
        Self::new(request.into_bytes(), reply.into())
    }

    /// A SET command with a value of `length` bytes. Each request has one of `keys` keys, which is
    /// chosen at random.
    pub(crate) fn set_at_random(keys: u64, length: usize) -> Self {
        let name = "0".repeat(DIGITS);
        let mut set = Self::command(&["SET", &name, &"v".repeat(length)], "+OK\r\n");
        let start = set.request.windows(DIGITS).position(|window| window == name.as_bytes());
        let start = start.unwrap_or_default();
        set.random = Some(RandomKeys { starts: vec![start], keys, state: 1 });
        set
    }

    fn new(request: Vec<u8>, reply: Vec<u8>) -> Self {
        let received = vec![0; reply.len()];
        Self { request, reply, received, requests: 1, random: None }
    }

    /// Repeats the request `depth` times in one write.
    pub(crate) fn pipelined(mut self, depth: usize) -> Self {
        let length = self.request.len();
        if let Some(random) = &mut self.random {
            random.starts = (0..depth).map(|at| random.starts[0] + at * length).collect();
        }
        self.request = self.request.repeat(depth);
        self.reply = self.reply.repeat(depth);
        self.received = vec![0; self.reply.len()];
        self.requests = depth as u64;
        self
    }

    /// The number of requests in one write.
    pub(crate) fn requests(&self) -> u64 {
        self.requests
    }

    /// Sends the requests.
    ///
    /// # Errors
    /// The errors of write(2).
    pub(crate) fn send(&mut self, peer: &mut impl Write) -> Result<()> {
        if let Some(random) = &mut self.random {
            random.choose(&mut self.request);
        }
        peer.write_all(&self.request).context("the server does not accept a request")
    }

    /// Reads all bytes of the replies, and compares these bytes with the expected bytes.
    ///
    /// # Errors
    /// The errors of read(2), a connection that the server has closed, or a wrong reply.
    pub(crate) fn receive(&mut self, peer: &mut impl Read) -> Result<()> {
        peer.read_exact(&mut self.received).context("the server stopped answering")?;
        ensure!(
            self.received == self.reply,
            "the server answered {:?} where {:?} is right",
            String::from_utf8_lossy(&self.received),
            String::from_utf8_lossy(&self.reply),
        );
        Ok(())
    }
}

/// The offset of each key in the request, and the state of the random number generator.
#[derive(Clone, Debug)]
struct RandomKeys {
    starts: Vec<usize>,
    keys: u64,
    state: u64,
}

impl RandomKeys {
    fn choose(&mut self, request: &mut [u8]) {
        for &start in &self.starts {
            // Marsaglia, "Xorshift RNGs" (2003): 64 bits, the triple 13, 7, 17.
            self.state ^= self.state << 13;
            self.state ^= self.state >> 7;
            self.state ^= self.state << 17;
            let mut key = self.state % self.keys;
            for digit in request[start..start + DIGITS].iter_mut().rev() {
                *digit = b'0' + (key % 10) as u8;
                key /= 10;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn sent(exchange: &mut Exchange) -> String {
        let mut bytes = Vec::new();
        exchange.send(&mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_command_is_an_array_of_bulk_strings() {
        let mut get = Exchange::command(&["GET", "key"], "$3\r\nabc\r\n").pipelined(2);
        assert_eq!(sent(&mut get), "*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n".repeat(2));
        assert_eq!(get.requests(), 2);
    }

    #[test]
    fn each_request_of_a_pipeline_has_a_key_of_its_own() {
        let mut set = Exchange::set_at_random(1_000_000, 64).pipelined(16);
        let text = sent(&mut set);
        let keys: HashSet<_> = text.split("$12\r\n").skip(1).map(|rest| &rest[..DIGITS]).collect();
        assert_eq!(keys.len(), 16);
        assert!(keys.iter().all(|key| key.parse::<u64>().unwrap() < 1_000_000));
        assert_ne!(text, sent(&mut set));
        assert_eq!(text.len(), sent(&mut set).len());
    }

    #[test]
    fn a_reply_is_compared_byte_for_byte() {
        let mut echo = Exchange::echo(64);
        let right = sent(&mut echo);
        echo.receive(&mut right.as_bytes()).unwrap();
        let wrong = right.replace('c', "C");
        let error = echo.receive(&mut wrong.as_bytes()).unwrap_err().to_string();
        assert!(error.contains("abCdef") && error.contains("abcdef"), "{error}");
    }

    #[test]
    fn a_reply_that_ends_early_is_an_error() {
        let error = Exchange::echo(64).receive(&mut &b"abc"[..]).unwrap_err();
        assert_eq!(error.to_string(), "the server stopped answering");
    }
}
