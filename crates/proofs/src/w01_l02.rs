//! w01-l02, Stream Client: a client that tries each address of a host, and exchanges a line.
//!
//! The program under test is a client. The check plays the server (`played_server.rs`), and decides
//! which addresses a name has (`client_run.rs`).

mod all_sent;
mod client_run;
mod connects;
mod exchange;
mod hung_up;
mod interruption;
mod next_address;
mod nothing_to_say;
mod part_sent;
mod played_server;
mod refused;
mod sent_line;
mod tidy;
mod usage;
mod whole_reply;
mod words;

use crate::proof::{Criterion, Proof, Role};

/// The criteria, in the order of the lesson's tasks. Within a task, they are in the order of the
/// lesson's Prove and Done When lists.
pub(crate) const PROOF: Proof = Proof {
    lesson: "w01-l02",
    role: Role::Client,
    criteria: &[
        Criterion::new("connects", connects::connects),
        Criterion::new("usage", usage::usage),
        Criterion::new("next-address", next_address::next_address),
        Criterion::new("refused", refused::refused),
        Criterion::new("exchange", exchange::exchange),
        Criterion::new("whole-reply", whole_reply::whole_reply),
        Criterion::new("all-sent", all_sent::all_sent).long(),
        Criterion::new("hung-up", hung_up::hung_up),
        Criterion::new("nothing-to-say", nothing_to_say::nothing_to_say),
        Criterion::new("tidy", tidy::tidy),
    ],
};
