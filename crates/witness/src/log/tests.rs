//! Tests that bytes that are written to the terminal become lines.

use super::lines::Lines;
use super::*;
use proptest::collection::vec;
use proptest::prelude::*;
use std::os::fd::AsFd;

const SOON: Duration = Duration::from_secs(10);

fn texts(lines: &[Line]) -> Vec<&str> {
    lines.iter().map(|line| line.text.as_str()).collect()
}

fn write_all(output: &OwnedFd, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        bytes = &bytes[nix::unistd::write(output, bytes).unwrap()..];
    }
}

#[test]
fn a_line_has_a_tag_and_values() {
    let line = Line { text: "[ACCEPT] fd=4 slot=0 from=a=b".to_owned() };
    assert_eq!(line.tag(), Some("ACCEPT"));
    let values = ["fd", "slot", "from", "lot"].map(|key| line.value(key));
    assert_eq!(values, [Some("4"), Some("0"), Some("a=b"), None]);
    assert_eq!(Line { text: "ACCEPT] [no".to_owned() }.tag(), None);
}

#[test]
fn catching_up_reads_every_line_that_was_written_before() {
    let (mut log, output) = Log::open().unwrap();
    for round in 1..200 {
        write_all(&output, b"a line\r\n");
        assert!(log.catch_up(SOON));
        assert_eq!(log.lines().len(), round);
    }
    assert_eq!(log.lines()[0].text, "a line");
}

#[test]
fn a_marker_inside_a_line_is_removed_from_it() {
    let (mut log, output) = Log::open().unwrap();
    write_all(&output, b"first half,");
    assert!(log.catch_up(SOON));
    assert!(log.lines().is_empty());
    write_all(&output, b" second half\n");
    assert!(log.catch_up(SOON));
    assert_eq!(texts(log.lines()), ["first half, second half"]);
}

#[test]
fn as_much_of_a_line_is_kept_as_was_asked_for() {
    let (mut log, output) = Log::open().unwrap();
    log.keep(5_000);
    write_all(&output, &[&[b'x'; 6_000], &b"\n"[..]].concat());
    assert!(log.catch_up(SOON));
    assert_eq!(log.lines()[0].text.len(), 5_000);
}

#[test]
fn a_marker_is_found_after_a_line_of_any_length() {
    let (mut log, output) = Log::open().unwrap();
    write_all(&output, &[b'x'; 6_000]);
    assert!(log.catch_up(SOON));
    write_all(&output, b"\nnext\n");
    assert!(log.catch_up(SOON));
    assert_eq!((log.lines()[0].text.len(), texts(&log.lines()[1..])), (4_096, ["next"].to_vec()));
}

#[test]
fn the_descriptor_of_the_program_is_a_blocking_one() {
    let (log, output) = Log::open().unwrap();
    let flags = |fd: &OwnedFd| OFlag::from_bits_retain(fcntl(fd, FcntlArg::F_GETFL).unwrap());
    assert!(flags(&log.slave).contains(OFlag::O_NONBLOCK));
    assert!(!flags(&output).contains(OFlag::O_NONBLOCK));
}

#[test]
fn catching_up_with_a_stopped_terminal_ends_in_time() {
    let (mut log, output) = Log::open().unwrap();
    termios::tcflow(&output, termios::FlowArg::TCOOFF).unwrap();
    assert!(!log.catch_up(Duration::from_millis(5)));
    termios::tcflow(&output, termios::FlowArg::TCOON).unwrap();
    write_all(&output, b"on again\n");
    assert!(log.catch_up(SOON));
    assert_eq!(texts(log.lines()), ["on again"]);
}

#[test]
fn a_marker_is_found_in_the_middle_of_100_000_lines() {
    let (mut log, output) = Log::open().unwrap();
    std::thread::scope(|threads| {
        let flood = threads.spawn(|| (0..100_000).for_each(|_| write_all(&output, b"flood\n")));
        while log.lines().is_empty() {
            ready::is_readable(log.master.as_fd());
            log.read();
        }
        log.catch_up(SOON);
        while !flood.is_finished() {
            log.read();
        }
    });
    assert!(log.catch_up(SOON));
    assert!(log.lines().iter().all(|line| line.text == "flood"));
    assert_eq!(log.lines().len(), 20_000);
}

#[test]
fn at_most_8_mib_of_long_lines_are_kept() {
    let mut lines = Lines::default();
    let line = [&[b'x'; 10_000][..], b"\n"].concat();
    (0..10_000).for_each(|_| lines.append(&line));
    (0..10_000).for_each(|_| lines.append(&line[..10_000]));
    let kept: usize = lines.finished().iter().map(|line| line.text.len()).sum();
    assert!(kept <= 8 << 20);
}

/// Bytes that often look like a part of a marker.
fn marker_like_bytes() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![Just(0), Just(0x1e), Just(b'0'), Just(b'1'), Just(b'\n'), any::<u8>()];
    vec(byte, 0..200)
}

proptest! {
    #[test]
    fn lines_do_not_depend_on_where_reads_end(bytes in marker_like_bytes(), cuts in vec(1..9usize, 1..40)) {
        let (mut whole, mut pieces) = (Lines::default(), Lines::default());
        let marker = whole.next_marker();
        prop_assert_eq!(&marker, &pieces.next_marker());
        let stream = [&bytes[..], &marker, b"after\n"].concat();
        whole.append(&stream);
        let mut rest = stream.as_slice();
        for cut in cuts.into_iter().cycle() {
            let (piece, more) = rest.split_at(cut.min(rest.len()));
            pieces.append(piece);
            rest = more;
            if rest.is_empty() { break }
        }
        prop_assert!(whole.has_all_markers() && pieces.has_all_markers());
        prop_assert_eq!(whole.finished(), pieces.finished());
        prop_assert!(whole.finished().last().unwrap().text.ends_with("after"));
    }
}
