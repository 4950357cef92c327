//! The client's log on standard output: one line for each event, in the order of the events.
#![cfg_attr(not(feature = "solution"), allow(dead_code, reason = "tasks are still to do"))]

use sockhelpers::log_line;
use std::io::{self, Write};
use std::net::IpAddr;

/// Logs that the client is about to connect to an address.
pub fn attempting(address: IpAddr) {
    log_line(format_args!("[client] attempting connection to {address}"));
}

/// Logs that the client is connected to an address.
pub fn connected(address: IpAddr) {
    log_line(format_args!("[client] connected to {address}"));
}

/// Logs that all bytes of the text were sent.
pub fn sent(text: &[u8]) {
    log_text("sent", text);
}

/// Logs the server's answer.
pub fn received(text: &[u8]) {
    log_text("received", text);
}

/// Logs a text as it is: its bytes need not be UTF-8.
fn log_text(event: &str, text: &[u8]) {
    let line = [b"[client] ", event.as_bytes(), b" '", text, b"'\n"].concat();
    let mut out = io::stdout().lock();
    let _ = out.write_all(&line).and_then(|()| out.flush());
}
