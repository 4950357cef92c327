//! {{id}}, {{title}}: one line for each client.

use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::proof::{Criterion, Proof, Role};
use crate::shared::starting::expect_start_line;

pub(crate) const PROOF: Proof = Proof {
    lesson: "{{id}}",
    // The capacity is the number of slots in the lesson's table; 0 if the lesson has no table.
    role: Role::Server { port: {{port}}, capacity: 0 },
    criteria: &[Criterion::new("greets", greets), Criterion::new("starts", starts)],
};

/// A client gets a line, and then the end of the connection.
fn greets(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    let client = run.connect()?;
    // The wait ends when the condition holds, or when the server is idle and cannot make it true.
    let ended = run.server.wait_for(|_| Ok(client.connection.ended().map(|_| ())));
    let received = client.connection.received();
    if ended.is_ok() && received == b"hello\n" {
        return Ok(());
    }
    let failure = Failure {
        id: "no-greeting",
        mistake: (received == b"hello").then_some("no-newline"),
        summary: format!("{} did not get the line and then an end of file.", client.name),
        expected: "hello\\n, then an end of file".to_owned(),
        observed: format!("\"{}\"", received.escape_ascii()),
    };
    Err(run.fail_after(ended.err(), failure))
}

/// The server listens on PORT and logs `[START] port=PORT`.
fn starts(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.start()?;
    let wanted = run.port.to_string();
    expect_start_line(&mut run, "port", &wanted, |_| Some("start-line"))
}
