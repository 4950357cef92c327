// Tries: to keep the compiler busy with a macro whose expansion doubles at each step.
// Must: not be built, because the compiler is killed when it exceeds a limit.

macro_rules! bomb {
    () => { 0u64 };
    ($_:tt $($rest:tt)*) => { bomb!($($rest)*) + bomb!($($rest)*) };
}
const _: u64 = bomb!(x x x x);
const _: u64 = bomb!(x x x x x x x x x x x x x x x x x x x x x x x x x x x x x x); // hostile
