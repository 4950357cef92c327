// Tries: to compile this machine's accounts and the grader's environment into its program.
// Must: not be built, because the sandbox has no such file and an empty environment.

const _: &str = include_str!("/etc/shadow"); // hostile
const _: () = assert!(option_env!("GRADER_SECRET").is_none(), "the grader's environment");
