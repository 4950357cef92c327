
// Tries: to hand options to the linker that write to another file than the program's.
// Must: not compile, because options for the linker are refused in an attribute.
#[link(name = "c -o /work/other", kind = "dylib")] // hostile
unsafe extern "C" {}
