// Tries: to compile the solution's text into its program, by the crate's own folder.
// Must: not be built, for no solution lies where submissions are built.

const _: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/solution/server.rs")); // hostile
