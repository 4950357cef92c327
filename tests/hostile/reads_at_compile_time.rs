// Tries: to compile this machine's accounts and the grader's environment into its program.
// Must: not be built, for there is no such file in the box, and nothing in its environment.

const _: &str = include_str!("/etc/shadow"); // hostile
const _: () = assert!(option_env!("GRADER_SECRET").is_none(), "the grader's environment");
