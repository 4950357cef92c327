//! w01-l01, Blocking Echo: one client at a time, with calls that block.

mod blocked;
mod client_log;
mod diagnosis;
mod echo;
mod exchange;
mod fd_leak;
mod half_close;
mod next_client;
mod received;
mod reset;
mod restart;
mod slow_reader;
mod wrong_echo;

use crate::check_context::CheckContext;
use crate::check_error::CheckError;
use crate::proof::{Criterion, Proof, Role};
use crate::shared::starting::{
    expect_every_address, expect_no_line_before_listen, expect_start_line,
};
use crate::shared::{self, Clients, Service};
use witness::FaultInjector;

/// The criteria, in the order of the lesson's tasks. Within a task, they are in the order of the
/// lesson's Prove and Done When lists.
pub(crate) const PROOF: Proof = Proof {
    lesson: "w01-l01",
    role: Role::Server { port: 3490, capacity: 0 },
    criteria: &[
        Criterion::new("starts", starts),
        Criterion::new("config", shared::config),
        Criterion::new("port-taken", shared::port_taken),
        Criterion::new("echo", echo::echo),
        Criterion::new("every-byte", slow_reader::every_byte).long(),
        Criterion::new("next-client", next_client::next_client),
        Criterion::new("half-close", half_close::half_close).long(),
        Criterion::new("ends", |context| shared::ends(context, &SERVICE)).long(),
        Criterion::new("restart", restart::restart),
        Criterion::new("no-fd-leak", fd_leak::no_fd_leak).long(),
        Criterion::new("reset", reset::reset).long(),
        Criterion::new("accept-again", |context| shared::accept_again(context, &SERVICE)).long(),
        Criterion::new("interrupted", interrupted).long(),
    ],
};

/// How an echo server serves its clients.
const SERVICE: Service = Service {
    serve: echo::connect_served,
    expect_served: echo::expect_hello,
    half_message: b"no end of line",
    message: b"again and again\n",
    clients: Clients::OneAtATime,
};

/// The server listens on PORT at every IPv4 address, and logs `[START] port=…`. The server does not
/// log this line before it listens.
fn starts(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.launch(context.lesson.capacity, FaultInjector::default())?;
    run.wait_listening()?;
    expect_every_address(&mut run)?;
    let wanted = run.port.to_string();
    let is_left_out = |line: &str| !line.contains("port=");
    expect_start_line(&mut run, "port", &wanted, |line| is_left_out(line).then_some("start-line"))?;
    drop(run);
    expect_no_line_before_listen(context)
}

/// The server goes on after a system call that a signal has interrupted.
fn interrupted(context: &CheckContext<'_>) -> Result<(), CheckError> {
    shared::interrupted(context, &SERVICE).map_err(explain_hang_up)
}

/// A server that ends a conversation after one answer fails the criterion `echo`. Here, the server
/// answers until its read fails with EINTR.
fn explain_hang_up(mut error: CheckError) -> CheckError {
    if let CheckError::Failed(cause) = &mut error
        && cause.mistake.as_deref() == Some("one-read")
    {
        cause.mistake = Some("eintr-ends-client".to_owned());
    }
    error
}
