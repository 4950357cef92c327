//! How a client of a store is served, for the criteria that all server lessons share. The client
//! types PING, as in nc(1): this is the first command that the lesson's server understands.

use crate::check_error::{CheckError, Failure};
use crate::named_client::NamedClient;
use crate::shared::{Clients, Service};
use crate::test_run::TestRun;

pub(super) const SERVICE: Service = Service {
    clients: Clients::Together,
    serve,
    expect_served,
    message: &LONG_PING,
    half_message: b"PI",
};

/// A PING with a long text, which is the reply.
const LONG_PING: [u8; 4096] = {
    let mut line = [b'x'; 4096];
    let (start, mut at) = (b"PING ", 0);
    while at < start.len() {
        line[at] = start[at];
        at += 1;
    }
    line[line.len() - 2] = b'\r';
    line[line.len() - 1] = b'\n';
    line
};

const PING: &[u8] = b"PING\r\n";
const PONG: &[u8] = b"+PONG\r\n";

fn serve(run: &mut TestRun) -> Result<NamedClient, CheckError> {
    let client = run.connect()?;
    expect_served(run, &client).map_err(|error| error.depends_on("ping"))?;
    Ok(client)
}

/// Sends one PING, which must be answered.
fn expect_served(run: &mut TestRun, client: &NamedClient) -> Result<(), CheckError> {
    let name = &client.name;
    run.step(format!("{name} sent \"PING\\r\\n\""));
    let connection = client.connection.clone();
    let before = connection.received().len();
    let _ = connection.send(PING);
    let answer = || connection.received_from(before);
    let served = run.server.wait_for(|_| {
        let is_done = answer().len() >= PONG.len() || connection.ended().is_some();
        Ok(is_done.then_some(()))
    });
    let answer = answer();
    if answer == PONG {
        return Ok(());
    }
    let failure = Failure {
        id: "not-served",
        mistake: None,
        summary: format!("{name} typed PING, and was not answered +PONG."),
        expected: "+PONG\\r\\n".to_owned(),
        observed: match answer.as_slice() {
            [] => "nothing".to_owned(),
            some => super::resp::quoted(some),
        },
    };
    Err(run.fail_after(served.err(), failure))
}
