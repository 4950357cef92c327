//! Bytes that are no command.

use crate::w09_l01::draws::Draws;

/// Bytes that are not a valid command.
pub(super) struct BadInput {
    pub(super) bytes: Vec<u8>,
    pub(super) answer: Answer,
    /// The Common Mistakes row of a server that does not refuse the input.
    pub(super) mistake: Option<&'static str>,
}

impl BadInput {
    /// The Common Mistakes row of a server that ends because of the input.
    pub(super) fn row(&self) -> &'static str {
        self.mistake.unwrap_or("error-ends-server")
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// An error, and then the end of the connection.
    ErrorAndClose,
    /// The end of the connection. An error comes before it, but may be lost, because the server
    /// closes the connection while more input arrives.
    ErrorOrClose,
    /// Nothing. The input is the start of a command, and the rest may still arrive.
    Nothing,
    /// Anything. The input is empty, or is treated in different ways by different versions of
    /// Redis.
    Optional,
}

/// All inputs, in a drawn order.
pub(super) fn inputs(draws: &mut Draws) -> Vec<BadInput> {
    let input = |answer, mistake, bytes: &[u8]| BadInput { bytes: bytes.to_vec(), answer, mistake };
    let wrong = |bytes: &[u8]| input(Answer::ErrorAndClose, None, bytes);
    let negative = |bytes: &[u8]| input(Answer::ErrorAndClose, Some("negative-length"), bytes);
    let endless = |bytes: &[u8]| input(Answer::ErrorOrClose, Some("endless-line"), bytes);
    let start = |bytes: &[u8]| input(Answer::Nothing, None, bytes);
    let odd = |bytes: &[u8]| input(Answer::Optional, None, bytes);
    let (word, number) = (draws.word(), draws.number(2..=99));
    let long = draws.letters(1).repeat(1 << 20);
    let mut inputs = vec![
        wrong(format!("*{word}\r\n$4\r\nPING\r\n").as_bytes()),
        wrong(format!("*1\r\n${word}\r\nPING\r\n").as_bytes()),
        wrong(format!("*1\r\n:{number}\r\nPING\r\n").as_bytes()),
        wrong(b"*1\r\n*1\r\n$4\r\nPING\r\n"),
        wrong(b"*1\r\n$99999999999999999999\r\nPING\r\n"),
        wrong(b"*1\r\n$9223372036854775807\r\nPING\r\n"),
        wrong(b"*1\r\n$1099511627776\r\nPING\r\n"),
        wrong(b"*99999999999999999999\r\n$4\r\nPING\r\n"),
        wrong(b"*9223372036854775807\r\n$4\r\nPING\r\n"),
        wrong(format!("*+{number}\r\n$4\r\nPING\r\n").as_bytes()),
        wrong(format!("*1\r\n$ {number}\r\nPING\r\n").as_bytes()),
        wrong(format!("ECHO \"{word}\r\n").as_bytes()),
        negative(format!("*1\r\n$-{number}\r\nPING\r\n").as_bytes()),
        negative(b"*1\r\n$-1\r\nPING\r\n"),
        endless(long.as_bytes()),
        endless(&[&b"*1\r\n$"[..], &[b'1'; 1 << 20]].concat()),
        odd(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        start(format!("*3\r\n$3\r\nSET\r\n$5\r\n{}", &word[..2]).as_bytes()),
        odd(b"*-1\r\n*0\r\n"),
        odd(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n"),
        odd(b"\0\0\r\n\0\r\n"),
        odd(b"*2147483647\r\n$4\r\nPING\r\n"),
        odd(&[&b"*1048576\r\n"[..], &b"$1\r\na\r\n".repeat(1000)].concat()),
        odd(&b"*1\r\n".repeat(20_000)),
        odd(&b"\r\n".repeat(200_000)),
        start(&long_announcement("GET")),
        start(&long_announcement("SET")),
        start(&long_announcement("ECHO")),
        start(&long_announcement(&word)),
    ];
    draws.shuffle(&mut inputs);
    // A server that ends because of every wrong input ends because of the first one. If it only
    // ends later, the input explains the end.
    let is_plain = |it: &BadInput| it.answer == Answer::ErrorAndClose && it.mistake.is_none();
    if let Some(plain) = inputs.iter().position(is_plain) {
        inputs.swap(0, plain);
    }
    inputs
}

/// A command that announces a string of 512 MB, and has only 1000 bytes of the string.
fn long_announcement(name: &str) -> Vec<u8> {
    let head = format!("*2\r\n${}\r\n{name}\r\n$536870912\r\n", name.len());
    [head.into_bytes(), vec![b'x'; 1000]].concat()
}
