// Tries: to include this machine's accounts and the grader's environment in the program.
// Must: not be built, because the sandbox does not contain the file, and its environment is empty.

const _: &str = include_str!("/etc/shadow"); // hostile
const _: () = assert!(option_env!("GRADER_SECRET").is_none(), "the grader's environment");
