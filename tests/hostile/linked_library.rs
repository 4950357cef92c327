
// Tries: to link a file of the machine into its program, by an absolute path.
// Must: not compile, because the linker looks for a library of this name and finds none.
#[link(name = "/etc/shadow", kind = "dylib", modifiers = "+verbatim")] // hostile
unsafe extern "C" {}
