// Tries: to make the compiler read a file that has no end.
// Must: not be built, because the compiler is killed when it exceeds a limit.

const _: &[u8] = include_bytes!("/dev/zero"); // hostile
