// Tries: to compile the solution's text into its program, by the crate's own folder.
// Must: not be built, because the build's sandbox has no solution.

const _: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/solution/server.rs")); // hostile
