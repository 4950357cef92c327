// Tries: to make the compiler read an endless file.
// Must: not be built, because the compiler is killed at a limit.

const _: &[u8] = include_bytes!("/dev/zero"); // hostile
