// Tries: to run while it is built, as a build script, and to stop the build where it can.
// Must: be proved, for a build script is never the student's.

fn main() {
    let _ = std::fs::write("/tmp/written-by-a-stranger", "build.rs has run");
    panic!("build.rs has run");
}
