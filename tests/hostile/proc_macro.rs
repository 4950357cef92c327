// Tries: to become a procedural macro, which the compiler would run.
// Must: not be built, for the crate is what its pristine manifest says.

#[proc_macro] // hostile
pub fn attack(_: proc_macro::TokenStream) -> proc_macro::TokenStream { loop {} } // hostile
