// Tries: to become a procedural macro, which the compiler would run.
// Must: not be built, because the course's own manifest decides the type of the crate.

#[proc_macro] // hostile
pub fn attack(_: proc_macro::TokenStream) -> proc_macro::TokenStream { loop {} } // hostile
