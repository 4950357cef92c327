//! Runs a lesson's server for a person, with the settings with which a check starts it.

use crate::check_error::HarnessError;
use crate::program::ProgramUnderTest;
use crate::proof::{Proof, Role};
use std::env;
use witness::{IsolationLevel, Launch, LiveServer};

/// A launch with the settings with which a check starts the server.
pub(crate) struct Prepared {
    pub(crate) launch: Launch,
    pub(crate) port: u16,
    /// The number of slots; 0 if the lesson's servers keep no table.
    pub(crate) capacity: usize,
    /// The settings as text, e.g. `PORT=7000 MAX_CLIENTS=64`.
    pub(crate) settings: String,
}

/// Starts `program` on this machine's own network, so that any client can connect. Returns the server
/// and its settings, e.g. `PORT=7000 MAX_CLIENTS=64`.
///
/// A setting of the environment, such as PORT, is used if `program` does not name another one.
///
/// # Errors
/// The program cannot be started. The error says why.
pub fn serve(
    proof: &Proof,
    program: &ProgramUnderTest,
) -> Result<(LiveServer, String), HarnessError> {
    let prepared = prepare(proof, program)?;
    let server = prepared.launch.start_live().map_err(|error| HarnessError(error.to_string()))?;
    Ok((server, prepared.settings))
}

/// Prepares `program` for this machine's own network, as [`serve`] starts it.
pub(crate) fn prepare(proof: &Proof, program: &ProgramUnderTest) -> Result<Prepared, HarnessError> {
    let (executable, arguments) =
        program.command.split_first().ok_or(HarnessError("no command".into()))?;
    let mut launch = Launch::new(executable)
        .args(arguments)
        .current_dir(&program.directory)
        .isolation(IsolationLevel::None);
    let Role::Server { port, capacity } = proof.role else {
        return Err(HarnessError(format!(
            "{} is a client; start it with a host and a port, e.g. `cargo run -p w01-l02-stream-client \
             localhost 3490`",
            proof.lesson
        )));
    };
    let mut port = program.port.unwrap_or(port);
    let mut capacity = program.capacity.unwrap_or(capacity);
    let mut texts = Vec::new();
    for (name, default) in proof.defaults().settings(port, capacity) {
        let is_port = name == "PORT";
        let is_named = if is_port { program.port.is_some() } else { program.capacity.is_some() };
        let value = env::var(&name).ok().filter(|_| !is_named).unwrap_or(default);
        // A value that is no number is for the server, which refuses it.
        match value.parse::<usize>() {
            Ok(number) if is_port => port = u16::try_from(number).unwrap_or(port),
            Ok(number) => capacity = number,
            Err(_) => {}
        }
        texts.push(format!("{name}={value}"));
        launch = launch.env(name, value);
    }
    Ok(Prepared { launch, port, capacity, settings: texts.join(" ") })
}
