// Tries: to keep the compiler busy for ever with a macro that doubles with each step.
// Must: not be built, for the compiler is ended at a limit.

macro_rules! bomb {
    () => { 0u64 };
    ($_:tt $($rest:tt)*) => { bomb!($($rest)*) + bomb!($($rest)*) };
}
const _: u64 = bomb!(x x x x);
const _: u64 = bomb!(x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x); // hostile
