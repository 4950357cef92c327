//! The criterion that a client receives what it has sent, and the exchange of short messages, which
//! the other criteria use.

use super::received::{bytes_text, wait_received};
use super::{diagnosis, wrong_echo};
use crate::check_context::CheckContext;
use crate::check_error::CheckError;
use crate::named_client::NamedClient;
use crate::test_run::TestRun;
use fastrand::Rng;
use std::io;
use witness::{Client, Server};

/// A client receives exactly the bytes that it has sent, also for NUL bytes and for several
/// messages.
pub(super) fn echo(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    let client = connect(&mut run)?;
    let messages = messages(&mut context.random("echo"));
    for message in &messages {
        expect_echo(&mut run, &client, message)?;
    }
    // The bytes of several messages may come with one read.
    expect_echo(&mut run, &client, &messages.concat())
}

/// Messages whose bytes a server cannot know in advance. The first ends in a newline, the second
/// does not, the third has NUL bytes, the fourth has each value that a byte can have, and the last
/// is one byte.
fn messages(random: &mut Rng) -> [Vec<u8>; 5] {
    let mut word = || -> String {
        let length = random.usize(3..12);
        (0..length).map(|_| random.lowercase()).collect()
    };
    let line = format!("{}\n", word());
    let text = format!("{} and no newline", word());
    let with_nul = format!("{}\0{}\0", word(), word());
    let mut every_value: Vec<u8> = (0..=255).collect();
    random.shuffle(&mut every_value);
    let byte = random.alphanumeric() as u8;
    [line.into(), text.into(), with_nul.into(), every_value, vec![byte]]
}

/// Connects a new client. If no socket listens although the server runs, the server has closed its
/// listener.
pub(super) fn connect(run: &mut TestRun) -> Result<NamedClient, CheckError> {
    let connected = run.connect();
    connected.map_err(|error| explain_no_connection(run, error))
}

fn explain_no_connection(run: &TestRun, error: CheckError) -> CheckError {
    let error = error.independent().depends_on("next-client");
    match error {
        CheckError::Blocked { depends_on, mut cause } if diagnosis::has_no_listener(run) => {
            cause.mistake = Some("closes-listener".to_owned());
            CheckError::Blocked { depends_on, cause }
        }
        other => other,
    }
}

/// Connects a client, and checks that the server serves this client: the client sends "hello" and
/// must receive "hello".
pub(super) fn connect_served(run: &mut TestRun) -> Result<NamedClient, CheckError> {
    let client = connect(run)?;
    expect_hello(run, &client)?;
    Ok(client)
}

/// Does the same over a connection that accepts few bytes from the server while the client does not
/// read.
pub(super) fn connect_served_over_ethernet(run: &mut TestRun) -> Result<NamedClient, CheckError> {
    connect_served_with(run, Server::connect_over_ethernet)
}

/// Does the same over a connection that accepts even fewer bytes, one segment at a time.
pub(super) fn connect_served_with_small_buffer(
    run: &mut TestRun,
) -> Result<NamedClient, CheckError> {
    connect_served_with(run, Server::connect_with_small_buffer)
}

fn connect_served_with(
    run: &mut TestRun,
    connect: impl FnOnce(&mut Server) -> io::Result<Client>,
) -> Result<NamedClient, CheckError> {
    let connected = run.connect_with(connect);
    let client = connected.map_err(|error| explain_no_connection(run, error))?;
    expect_hello(run, &client)?;
    Ok(client)
}

/// Checks that the server serves a client, which is connected.
pub(super) fn expect_hello(run: &mut TestRun, client: &NamedClient) -> Result<(), CheckError> {
    expect_echo(run, client, b"hello\n").map_err(|error| error.depends_on("echo"))
}

/// A client sends a message, and must receive the same bytes.
pub(super) fn expect_echo(
    run: &mut TestRun,
    client: &NamedClient,
    message: &[u8],
) -> Result<(), CheckError> {
    let before = client.connection.received().len();
    run.step(format!("{} sent {}", client.name, bytes_text(message)));
    let _ = client.connection.send(message);
    let received_all = wait_received(run, client, before + message.len());
    // Wait until the server is idle. If the server adds bytes to its answer, these bytes are then
    // sent.
    let wait_error = received_all.and_then(|()| run.check_alive()).err();
    let received = client.connection.received().split_off(before);
    if received == message && client.connection.ended().is_none() {
        return Ok(());
    }
    Err(wrong_echo::fail(run, client, message, before, wait_error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_message_has_the_form_that_its_mistake_needs() {
        let [line, text, with_nul, every_value, byte] = messages(&mut Rng::with_seed(1));
        assert!(line.ends_with(b"\n") && !line.contains(&0));
        assert!(!text.contains(&b'\n') && !text.contains(&0));
        assert!(with_nul.contains(&0) && !with_nul.starts_with(b"\0"));
        assert_eq!((every_value.len(), byte.len()), (256, 1));
        assert!((0..=255).all(|value| every_value.contains(&value)));
    }
}
