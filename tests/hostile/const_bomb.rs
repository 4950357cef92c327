// Tries: to keep the compiler busy with a constant whose evaluation never ends.
// Must: not be built, because the compiler is killed when it exceeds a limit.

const fn count(to: u64) -> u64 {
    let mut at = 0;
    while at < to {
        at += 1;
    }
    at
}
const _: u64 = count(1000);
#[allow(long_running_const_eval)] const _: u64 = count(u64::MAX); // hostile
