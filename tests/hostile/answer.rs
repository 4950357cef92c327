// Tries: to hand in the solution as its own, by the path that the lesson's crate has for it.
// Must: not be built, for no solution lies where submissions are built.

#[path = "../solution/server.rs"] mod answer; // hostile
