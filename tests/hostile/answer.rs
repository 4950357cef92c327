// Tries: to compile the course's solution, by the path of the solution in the lesson's crate.
// Must: not be built, because the sandbox of the build does not contain the solution.

#[path = "../solution/server.rs"] mod answer; // hostile
