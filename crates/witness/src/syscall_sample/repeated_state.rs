//! Recognizes a thread that executes the same instructions with the same values again and again.
//!
//! A loop that counts, or that goes through an input, has other values in the registers each time
//! it goes round. A loop such as `while (!done);` has not. It never ends by itself.

use super::tracer::Traced;
use nix::unistd::Pid;
use sandbox::Process;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

/// How often the states of a loop have to repeat. For a long loop, fewer times are enough, after this
/// number of instructions.
const TIMES: usize = 4;
const TIMES_OF_LONG_LOOP: usize = 2;
const ENOUGH_STATES: usize = 256;
/// The number of the register with the address of the next instruction, in the registers of
/// NT_PRSTATUS (linux/elf.h, and `struct user_regs_struct` in sys/user.h).
const PROGRAM_COUNTER: usize = if cfg!(target_arch = "aarch64") { 32 } else { 16 };
/// The instruction that makes a system call.
const SYSCALL: &[u8] =
    if cfg!(target_arch = "aarch64") { &[0x01, 0, 0, 0xd4] } else { &[0x0f, 0x05] };
const PAGE: u64 = 4096;

/// Executes a stopped thread's next instructions one by one. Returns whether the contents of its
/// registers repeat. `most` is the largest number of instructions of one round, and `longest` the
/// time for all instructions: on a busy machine, each takes long.
///
/// Instructions that make a system call are not executed: such a loop is recognized by its calls.
pub(crate) fn repeats_state(
    traced: &mut Traced,
    process: Process,
    most: usize,
    longest: Duration,
) -> bool {
    let begun = Instant::now();
    let mut code = Code { process, pages: HashMap::new() };
    let (mut states, mut period): (Vec<u64>, Option<usize>) = (Vec::new(), None);
    loop {
        let Some(registers) = Registers::read(traced.pid()) else { return false };
        let state = registers.hash();
        match period {
            Some(period) if states[states.len() - period] != state => return false,
            Some(period) if states.len() >= states_wanted(period) => return true,
            None if states.first() == Some(&state) => period = Some(states.len()),
            None if states.len() >= most => return false,
            _ if begun.elapsed() >= longest => return false,
            _ => {}
        }
        states.push(state);
        if code.is_syscall(registers.general(PROGRAM_COUNTER)) || !traced.step() {
            return false;
        }
    }
}

/// The number of states that show a loop of `period` instructions.
fn states_wanted(period: usize) -> usize {
    (period * TIMES_OF_LONG_LOOP).max(ENOUGH_STATES).min(period * TIMES)
}

/// The contents of a stopped thread's registers.
struct Registers {
    general: Vec<u8>,
    floating_point: Vec<u8>,
}

impl Registers {
    fn read(pid: Pid) -> Option<Self> {
        let general = register_set(pid, libc::NT_PRSTATUS)?;
        Some(Self { general, floating_point: register_set(pid, libc::NT_PRFPREG)? })
    }

    /// The contents of the general register with this number.
    fn general(&self, number: usize) -> u64 {
        general_register(&self.general, number)
    }

    fn hash(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (&self.general, &self.floating_point).hash(&mut hasher);
        hasher.finish()
    }
}

/// The register with this number in a set of registers of 8 bytes each.
pub(super) fn general_register(set: &[u8], number: usize) -> u64 {
    let (registers, _) = set.as_chunks::<8>();
    registers.get(number).map_or(0, |bytes| u64::from_ne_bytes(*bytes))
}

/// Reads one set of registers (ptrace(2), PTRACE_GETREGSET).
pub(super) fn register_set(pid: Pid, set: libc::c_int) -> Option<Vec<u8>> {
    let mut bytes = vec![0; 1024];
    let mut part = libc::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() };
    // SAFETY: the kernel writes at most `iov_len` bytes to `bytes`, and sets `iov_len`.
    let read = unsafe {
        libc::ptrace(libc::PTRACE_GETREGSET, pid.as_raw(), set as libc::c_long, &raw mut part)
    };
    bytes.truncate(part.iov_len);
    (read == 0).then_some(bytes)
}

/// The instructions of a process, in pages of memory that were read once.
struct Code {
    process: Process,
    pages: HashMap<u64, Option<Vec<u8>>>,
}

impl Code {
    /// Whether the instruction at `address` makes a system call. Also true if it cannot be read.
    fn is_syscall(&mut self, address: u64) -> bool {
        let instruction: Option<Vec<u8>> =
            (address..).take(SYSCALL.len()).map(|at| self.byte(at)).collect();
        instruction.is_none_or(|bytes| bytes == SYSCALL)
    }

    fn byte(&mut self, address: u64) -> Option<u8> {
        let (start, process) = (address / PAGE * PAGE, self.process);
        let page = self.pages.entry(start).or_insert_with(|| {
            let mut bytes = vec![0; PAGE as usize];
            process.read_memory(start, &mut bytes).ok().map(|_| bytes)
        });
        Some(page.as_ref()?[(address - start) as usize])
    }
}
