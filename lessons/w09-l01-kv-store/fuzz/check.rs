//! The property that the fuzzer checks for any input: the service does not panic, and the replies
//! do not depend on how the input is split into pieces.

use kv_store::reply::Reply;
use kv_store::service::{FeedResult, Service};

/// The first byte of `data` defines whether the service has a password, and the length of the
/// pieces. The other bytes are the client's input.
///
/// # Panics
/// Panics if the input in pieces gets other replies than the whole input at once.
pub(crate) fn pieces_make_no_difference(data: &[u8]) {
    let Some((&head, input)) = data.split_first() else {
        return;
    };
    let password = (head & 1 == 1).then(|| b"secret".to_vec());
    let length = usize::from(head >> 1) + 1;
    let at_once = replies(password.clone(), [input].into_iter());
    let in_pieces = replies(password, input.chunks(length));
    assert_eq!(lines(&at_once), lines(&in_pieces));
}

/// Sorts the lines of the replies, because the order of the keys in a reply to KEYS is not defined.
fn lines(replies: &[u8]) -> Vec<String> {
    let mut lines: Vec<_> = replies.split(|byte| *byte == b'\n').collect();
    lines.sort_unstable();
    lines.into_iter().map(|line| line.escape_ascii().to_string()).collect()
}

fn replies<'a>(password: Option<Vec<u8>>, pieces: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut service = Service::new(password);
    let (mut session, mut reply) = (service.begin_session(), Reply::default());
    let mut replies = Vec::new();
    for piece in pieces {
        let mut input = piece;
        // Like a server, take the replies, and then continue with the input that the service
        // already has.
        while service.feed(&mut session, input, &mut reply) == FeedResult::Paused {
            replies.extend_from_slice(reply.bytes());
            reply.clear();
            input = &[];
        }
        replies.extend_from_slice(reply.bytes());
        reply.clear();
        if session.close_after_reply {
            break;
        }
    }
    service.end_session(session);
    replies
}
