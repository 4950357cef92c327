//! w09-l01, Key-value store: the server must answer a standard Redis client. The proof uses only
//! the connection and the kernel, not a log.

mod auth;
mod bad_input;
mod diagnosis;
mod draws;
mod expiry;
mod framing;
mod get_set;
mod half_close;
mod idle;
mod ping;
mod resp;
mod resp_client;
mod service;
mod slow_reader;
mod store_run;
mod transaction;

use crate::check_context::CheckContext;
use crate::check_error::CheckError;
use crate::program::ProgramUnderTest;
use crate::proof::{Criterion, Proof, Role};
use crate::shared;
use crate::shared::starting::expect_every_address;
use service::SERVICE;
use witness::FaultInjector;

/// The criteria, in the order of the lesson's tasks. Within a task, they are in the order of the
/// lesson's Prove and Done When lists.
pub(crate) const PROOF: Proof = Proof {
    lesson: "w09-l01",
    role: Role::Server { port: 6379, capacity: 10_000 },
    criteria: &[
        Criterion::new("starts", starts),
        Criterion::new("interrupted", |context| shared::interrupted(context, &SERVICE)),
        Criterion::new("one-thread", shared::one_thread),
        Criterion::new("ping", ping::ping),
        Criterion::new("split", framing::split),
        Criterion::new("pipeline", framing::pipeline),
        Criterion::new("half-close", half_close::half_close),
        Criterion::new("ends", |context| shared::ends(context, &SERVICE)).long(),
        Criterion::new("get-set", get_set::get_set),
        Criterion::new("expiry", expiry::expiry).long(),
        Criterion::new("idle", idle::idle),
        Criterion::new("auth", auth::auth),
        Criterion::new("transaction", transaction::transaction).long(),
        Criterion::new("bad-input", bad_input::bad_input),
        Criterion::new("slow-reader", slow_reader::slow_reader).long(),
        Criterion::new("no-fd-leak", shared::no_fd_leak),
    ],
};

/// The server listens on PORT, at every IPv4 address of the machine. If the program reads PORT, the
/// check uses another port than the lesson's own.
fn starts(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let other_port = context.program.port.unwrap_or(context.lesson.port + 1);
    let program = ProgramUnderTest { port: Some(other_port), ..context.program.clone() };
    let mut run =
        context.with_program(&program).launch(context.lesson.capacity, FaultInjector::default())?;
    run.wait_listening().map_err(|error| match run.server.listeners() {
        Ok(sockets) if !sockets.is_empty() => error.independent().with_mistake("ignores-port"),
        _ => error,
    })?;
    expect_every_address(&mut run)
}
