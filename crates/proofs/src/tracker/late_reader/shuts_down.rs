//! A client that has not read its answers, and shuts down its sending side.

use super::reads_late::fill;
use super::{connect_slow, expect_asleep};
use crate::check_error::CheckError;
use crate::named_client::NamedClient;
use crate::shared::departure::Departure;
use crate::test_run::TestRun;
use fastrand::Rng;

/// The client leaves by half-close while output is pending for it. The server may close the
/// connection, or send the rest first. The kernel reports the end of file for as long as the server
/// waits for it (epoll_ctl(2), EPOLLRDHUP), and the server must not wake up for it again and again.
/// Returns the client, and what it has sent.
pub(super) fn check(
    run: &mut TestRun,
    random: &mut Rng,
) -> Result<(NamedClient, Vec<u8>), CheckError> {
    let late = connect_slow(run)?;
    let sent = fill(run, &late, random)?;
    let departure = Departure::HalfClose;
    run.step(format!("{} {}", late.name, departure.text()));
    departure.apply(&late.connection);
    expect_asleep(run, &late.name)?;
    Ok((late, sent))
}
