// Tries: to include the text of the solution in the program, by the path of the crate's folder.
// Must: not be built, because the sandbox of the build does not contain the solution.

const _: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/solution/server.rs")); // hostile
