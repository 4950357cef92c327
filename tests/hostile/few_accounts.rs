// Tries: to include this machine's list of users in the program.
// Must: be proved, because the sandbox has its own short list of users.

const _: () = assert!(include_str!("/etc/passwd").len() < 400, "it sees /etc/passwd"); // hostile
const _: () = assert!(option_env!("GRADER_SECRET").is_none(), "it sees the environment"); // hostile
