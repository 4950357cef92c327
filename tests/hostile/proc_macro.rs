// Tries: to be a procedural macro, because the compiler runs the code of a procedural macro.
// Must: not be built, because the course's own manifest sets the type of the crate.

#[proc_macro] // hostile
pub fn attack(_: proc_macro::TokenStream) -> proc_macro::TokenStream { loop {} } // hostile
