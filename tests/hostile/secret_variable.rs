
// Tries: to read an environment variable of the grader at compile time.
// Must: not compile, because the build has no variable of the grader.
const _: &str = env!("GRADER_SECRET"); // hostile
