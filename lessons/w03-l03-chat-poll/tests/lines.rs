//! The line buffer: lines come out as they were sent, however the bytes were cut.

use chat_room::lines::{LineBuffer, LineTooLong, MAX_LINE};

/// Every line that the buffer gives after these bytes have come in pieces of `size` bytes.
fn lines_of(bytes: &[u8], size: usize) -> Vec<Vec<u8>> {
    let (mut buffer, mut lines) = (LineBuffer::default(), Vec::new());
    for piece in bytes.chunks(size) {
        buffer.push(piece);
        while let Some(line) = buffer.next_line().unwrap() {
            lines.push(line);
        }
    }
    lines
}

#[test]
fn pieces_of_any_size_give_the_same_lines() {
    let sent = b"one\n\ntwo\r\nth\0ree\nfour";
    let wanted: [&[u8]; 4] = [b"one\n", b"\n", b"two\r\n", b"th\0ree\n"];
    for size in 1..=sent.len() {
        assert_eq!(lines_of(sent, size), wanted, "pieces of {size} bytes");
    }
}

#[test]
fn a_line_of_the_greatest_length_is_taken_whole() {
    let mut line = vec![b'x'; MAX_LINE];
    line[MAX_LINE - 1] = b'\n';
    assert_eq!(lines_of(&line, 1000), [line.clone()]);
    assert_eq!(lines_of(&line, MAX_LINE), [line]);
}

#[test]
fn a_longer_line_is_refused_before_its_newline_comes() {
    let mut buffer = LineBuffer::default();
    buffer.push(&vec![b'x'; MAX_LINE - 1]);
    assert_eq!(buffer.next_line(), Ok(None));
    buffer.push(b"x");
    assert_eq!(buffer.next_line(), Err(LineTooLong));

    let mut buffer = LineBuffer::default();
    buffer.push(&vec![b'x'; MAX_LINE]);
    buffer.push(b"\n");
    assert_eq!(buffer.next_line(), Err(LineTooLong));
}
