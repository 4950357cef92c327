// Tries: to run code during the build, as a build script, and to make the build fail.
// Must: be proved, because the grader ignores a student's build script.

fn main() {
    let _ = std::fs::write("/tmp/written-by-a-hostile-program", "build.rs has run");
    panic!("build.rs has run");
}
