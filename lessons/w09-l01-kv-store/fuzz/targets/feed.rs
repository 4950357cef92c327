//! Fuzz target: feeds arbitrary bytes to the service, split into arbitrary pieces. Run this command
//! in the lesson's folder: `cargo +nightly fuzz run feed`.

#![no_main]

#[path = "../check.rs"]
mod check;

libfuzzer_sys::fuzz_target!(|data: &[u8]| check::pieces_make_no_difference(data));
