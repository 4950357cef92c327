//! What holds for any input: it is no panic, and how it was cut into pieces makes no difference.

use kv_store::reply::Reply;
use kv_store::service::{Fed, Service};

/// The first byte says whether there is a password and how long the pieces are, the rest is what a
/// client sends.
///
/// # Panics
/// When the same bytes are answered otherwise in pieces than at once.
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

/// In an order of their own: KEYS has none.
fn lines(replies: &[u8]) -> Vec<String> {
    let mut lines: Vec<_> = replies.split(|byte| *byte == b'\n').collect();
    lines.sort_unstable();
    lines.into_iter().map(|line| line.escape_ascii().to_string()).collect()
}

fn replies<'a>(password: Option<Vec<u8>>, pieces: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut service = Service::new(password);
    let (mut session, mut reply) = (service.greet(), Reply::default());
    let mut replies = Vec::new();
    for piece in pieces {
        let mut input = piece;
        // A server sends what there is, and goes on with what it was given already.
        while service.feed(&mut session, input, &mut reply) == Fed::Paused {
            replies.extend_from_slice(reply.bytes());
            reply.clear();
            input = &[];
        }
        replies.extend_from_slice(reply.bytes());
        reply.clear();
        if session.closing {
            break;
        }
    }
    service.dismiss(session);
    replies
}
