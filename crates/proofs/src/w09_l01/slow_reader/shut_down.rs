//! A client that has shut down its sending side, and does not read its replies.

use crate::check_error::{CheckError, Failure};
use crate::w09_l01::resp::command;
use crate::w09_l01::store_run::StoreRun;

/// How often the client asks for the large value: the kernel does not hold as many replies.
const REPLIES: usize = 16;

/// A client asks for more than the kernel holds, reads nothing, and shuts down its sending side. The
/// kernel reports the end of file for as long as the server waits for it (epoll_ctl(2),
/// EPOLLRDHUP). The server must not wake up for it again and again. Whether it closes the connection
/// is its own choice.
pub(super) fn sleeps_after_shutdown(store: &mut StoreRun, key: &str) -> Result<(), CheckError> {
    let mut client = store.connect()?;
    let name = client.name().to_owned();
    let asked = format!("{name} sent GET of 1 MiB {REPLIES} times, and read nothing");
    store.run.step(asked);
    client.send(&command(&[b"GET", key.as_bytes()]).repeat(REPLIES));
    expect_asleep(store, &name)?;
    store.run.step(format!("{name} shut down its sending side"));
    client.named.connection.half_close();
    expect_asleep(store, &name)
}

fn expect_asleep(store: &mut StoreRun, name: &str) -> Result<(), CheckError> {
    let Err(wait_error) = store.run.server.wait_asleep() else { return Ok(()) };
    let failure = Failure {
        id: "not-asleep",
        mistake: None,
        summary: format!("{name} does not read its replies, and the server does not sleep."),
        expected: format!("asleep until {name} reads, or the connection is closed"),
        observed: wait_error.to_string(),
    };
    Err(store.run.fail(wait_error, failure))
}
