// Tries: to compile this machine's list of users into its program.
// Must: be proved, because the sandbox has a short list of its own.

const _: () = assert!(include_str!("/etc/passwd").len() < 400, "it sees /etc/passwd"); // hostile
const _: () = assert!(option_env!("GRADER_SECRET").is_none(), "it sees the environment"); // hostile
