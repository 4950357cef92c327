//! Runs the fuzzer's check on the files of the fuzzer's corpus and on random bytes.

#[path = "../fuzz/check.rs"]
mod check;

use check::pieces_make_no_difference;
use proptest::prelude::*;
use std::fs;
use std::path::Path;

#[test]
fn the_corpus_of_the_fuzzer_passes() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/feed");
    let mut inputs = 0;
    for entry in fs::read_dir(corpus).unwrap() {
        let input = fs::read(entry.unwrap().path()).unwrap();
        // Each input is checked with every value of the first byte, and therefore with every length
        // of the pieces.
        for head in 0..=u8::MAX {
            pieces_make_no_difference(&[&[head], input.get(1..).unwrap_or_default()].concat());
        }
        inputs += 1;
    }
    assert!(inputs > 0);
}

proptest! {
    #[test]
    fn any_bytes_pass(head: u8, bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        pieces_make_no_difference(&[vec![head], bytes].concat());
    }

    #[test]
    fn almost_commands_pass(head: u8, parts in prop::collection::vec(part(), 0..30)) {
        pieces_make_no_difference(&[vec![head], parts.concat()].concat());
    }
}

/// Parts of commands. A random sequence of parts is rarely a valid command.
fn part() -> impl Strategy<Value = Vec<u8>> {
    let parts = [
        "*1\r\n",
        "*2\r\n",
        "*3\r\n",
        "*0\r\n",
        "*-1\r\n",
        "*1048577\r\n",
        "$-1\r\n",
        "$0\r\n\r\n",
        "$3\r\nSET\r\n",
        "$3\r\nGET\r\n",
        "$1\r\na\r\n",
        "$2\r\n\r\n\r\n",
        "$536870912\r\n",
        "$1",
        "$4\r\nPING\r\n",
        "PING\r\n",
        "GET a\n",
        "SET a \"b c\"\r\n",
        "\r\n",
        "\r",
        "\n",
        "'",
        "\"",
        "MULTI\r\n",
        "EXEC\r\n",
        "DISCARD\r\n",
        "WATCH a\r\n",
        "QUIT\r\n",
        "AUTH secret\r\n",
        "HELLO 3\r\n",
        "LPUSH l a b\r\n",
        "LRANGE l 0 -1\r\n",
        "KEYS *\r\n",
        "EXPIRE a 1\r\n",
    ];
    let text = prop::sample::select(parts.to_vec()).prop_map(|text| text.as_bytes().to_vec());
    prop_oneof![8 => text, 1 => prop::collection::vec(any::<u8>(), 1..4)]
}
