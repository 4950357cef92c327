// Tries: to run during the build, as a build script, and to stop the build.
// Must: be proved, because a student's build script is never used.

fn main() {
    let _ = std::fs::write("/tmp/written-by-a-hostile-program", "build.rs has run");
    panic!("build.rs has run");
}
