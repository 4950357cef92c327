//! Tests of what [`Process`] reads from `/proc`.

use super::*;

#[test]
fn memory_counts_once_it_is_filled() {
    const SIZE: usize = 64 << 20;
    let own = Process { pid: std::process::id() as i32 };
    let before = own.memory().unwrap();
    let mut room = Vec::<u8>::with_capacity(SIZE);
    assert!(own.memory().unwrap() < before + SIZE as u64 / 2);
    room.resize(std::hint::black_box(SIZE), 1);
    assert!(own.memory().unwrap() > before + SIZE as u64 / 2, "{}", room.len());
}

#[test]
fn a_process_that_is_gone_has_nothing() {
    let absent = Process { pid: i32::MAX };
    assert_eq!(absent.memory().unwrap(), 0);
    assert!(absent.threads().unwrap().is_empty() && absent.children().unwrap().is_empty());
    assert!(absent.descriptors().unwrap().is_empty());
    assert_eq!((absent.flags(0).unwrap(), absent.name()), (None, String::new()));
}
