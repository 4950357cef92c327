// Tries: to keep the compiler busy with functions that call each other with growing types.
// Must: not be built, because the compiler reports an error or exceeds a limit.

fn grow<T: Copy>(value: T, depth: u32) -> usize {
    if depth == 0 { size_of::<T>() } else { shrink((value, value), depth - 1) }
}
fn shrink<T: Copy>(value: T, depth: u32) -> usize { grow((value, value), depth) } // hostile
#[cfg(any())] // hostile
fn shrink<T: Copy>(_: T, _: u32) -> usize { 0 }
#[used]
static GROWN: fn(u8, u32) -> usize = grow::<u8>;
