//! How a fork server serves its clients, for the criteria that all lessons share.

use super::children::connect_with_child;
use super::exchange::expect_answer;
use super::message::{Exchange, phrase};
use crate::check_context::CheckContext;
use crate::check_error::CheckError;
use crate::named_client::NamedClient;
use crate::shared::{Clients, Service};
use crate::test_run::TestRun;
use fastrand::Rng;

/// Each client has a child of its own, which answers what has come.
pub(crate) const SERVICE: Service = Service {
    serve,
    expect_served,
    half_message: b"Half a l",
    message: b"A line of the text\n",
    clients: Clients::InChildren,
};

fn serve(run: &mut TestRun) -> Result<NamedClient, CheckError> {
    let client = connect_with_child(run, &[])?.client;
    expect_served(run, &client)?;
    Ok(client)
}

fn expect_served(run: &mut TestRun, client: &NamedClient) -> Result<(), CheckError> {
    // Each client has another port, and each of its texts has another number.
    let port = u64::from(client.connection.address().port());
    let earlier = client.connection.received().len() as u64;
    let text = phrase(&mut Rng::with_seed(port << 32 | earlier));
    let answered = expect_answer(run, client, &Exchange::at_once(text));
    answered.map_err(|error| error.depends_on("flips"))
}

/// Two clients, connected at the same time, are answered twice. If they are not, a fault that is
/// injected later is not the reason.
pub(crate) fn expect_two_served(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    let (first, second) = (serve(&mut run)?, serve(&mut run)?);
    expect_served(&mut run, &first)?;
    expect_served(&mut run, &second)
}
