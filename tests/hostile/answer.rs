// Tries: to hand in the solution, by the path that it has in the lesson's crate.
// Must: not be built, because the build's sandbox has no solution.

#[path = "../solution/server.rs"] mod answer; // hostile
