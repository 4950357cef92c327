// Tries: to have the compiler read a file that has no end.
// Must: not be built, for the compiler is ended at a limit.

const _: &[u8] = include_bytes!("/dev/zero"); // hostile
