//! Finds the place in a thread's memory where the C library keeps errno.
//!
//! The kernel returns the error of a system call in a register. Then the C library stores the error
//! in errno, which is a variable of the thread (errno(3)), and the program reads it there. A signal
//! handler that runs between these two moments, and that changes errno, makes the program read the
//! error of another call.

use super::repeated_state::{general_register, register_set};
use super::tracer::Traced;
use sandbox::Process;

/// The number of instructions within which the C library has stored the error.
const MAX_INSTRUCTIONS: usize = 400;
/// The number of pages that are searched before and after the page of the thread pointer. The
/// thread-local variables of glibc are before the thread pointer on x86-64, and after it on aarch64;
/// musl keeps errno in its record of the thread.
const MORE_PAGES: u64 = 1;
const PAGE_SIZE: u64 = 4096;

/// Executes the next instructions of a thread, one by one, until the C library has stored `errno`.
/// The thread has just left the system call that has failed. Returns the address of errno; `None` if
/// the program stores no errno, as for example Go programs do not.
pub(crate) fn step_to_stored_errno(
    traced: &mut Traced,
    process: Process,
    errno: i32,
) -> Option<u64> {
    let pointer = thread_pointer(traced)?;
    let read = || Words::read(process, pointer);
    let before = read();
    for _ in 0..MAX_INSTRUCTIONS {
        if !traced.step() {
            return None;
        }
        if let Some(address) = read().changed_to(errno, &before) {
            return Some(address);
        }
    }
    None
}

/// Reads errno of a stopped thread.
pub(crate) fn read_errno(process: Process, address: u64) -> Option<i32> {
    let mut bytes = [0; 4];
    process.read_memory(address, &mut bytes).ok()?;
    Some(i32::from_ne_bytes(bytes))
}

/// The address of the thread's own variables (arch_prctl(2), ARCH_GET_FS).
#[cfg(target_arch = "x86_64")]
fn thread_pointer(traced: &Traced) -> Option<u64> {
    /// The number of `fs_base` in `struct user_regs_struct` (sys/user.h).
    const FS_BASE: usize = 21;
    let registers = register_set(traced.pid(), libc::NT_PRSTATUS)?;
    Some(general_register(&registers, FS_BASE))
}

/// The address of the thread's own variables: the register tpidr_el0.
#[cfg(target_arch = "aarch64")]
fn thread_pointer(traced: &Traced) -> Option<u64> {
    /// The register set with tpidr_el0 (linux/elf.h, NT_ARM_TLS).
    const ARM_TLS: libc::c_int = 0x401;
    let registers = register_set(traced.pid(), ARM_TLS)?;
    Some(general_register(&registers, 0))
}

/// The address and the contents of a page of memory.
type Page = (u64, Vec<u8>);

/// The memory around a thread pointer: each page that can be read.
struct Words {
    pages: Vec<Page>,
}

impl Words {
    fn read(process: Process, pointer: u64) -> Self {
        let number = pointer / PAGE_SIZE;
        let numbers = number.saturating_sub(MORE_PAGES)..=number + MORE_PAGES;
        let page = |number: u64| {
            let mut bytes = vec![0; PAGE_SIZE as usize];
            process.read_memory(number * PAGE_SIZE, &mut bytes).ok()?;
            Some((number * PAGE_SIZE, bytes))
        };
        Self { pages: numbers.filter_map(page).collect() }
    }

    /// The address of a word that has another value than `earlier`, which is now `value`.
    fn changed_to(&self, value: i32, earlier: &Self) -> Option<u64> {
        let value = value.to_ne_bytes();
        let find = |((address, now), (_, then)): (&Page, &Page)| {
            let (now, then) = (now.as_chunks::<4>().0, then.as_chunks::<4>().0);
            let mut words = now.iter().zip(then);
            let index = words.position(|(now, then)| now != then && *now == value)?;
            Some(address + 4 * index as u64)
        };
        self.pages.iter().zip(&earlier.pages).find_map(find)
    }
}
