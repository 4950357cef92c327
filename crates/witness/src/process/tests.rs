//! What `/proc` may say, and what is made of it.

use super::*;
use proptest::prelude::*;

proptest! {
    #[test]
    fn any_text_of_a_call_is_read_to_an_end(text in ".*") {
        let _ = parse_call(&text);
    }

    #[test]
    fn any_call_is_read_as_the_kernel_writes_it(number: i64, arguments: [u64; 6]) {
        let words = arguments.map(|it| format!("{it:#x}")).join(" ");
        let text = format!("{number} {words} 0x7ffc0 0x7f1c0\n");
        prop_assert_eq!(parse_call(&text), Some(Call { number, arguments }));
    }
}

#[test]
fn a_thread_outside_of_calls_is_in_none() {
    assert_eq!(parse_call("running\n"), None);
    assert_eq!(parse_call("-1 0x7ffc0 0x7f1c0\n"), None);
    assert_eq!(parse_call(""), None);
}

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
    let nobody = Process { pid: i32::MAX };
    assert_eq!(nobody.memory().unwrap(), 0);
    assert!(nobody.threads().unwrap().is_empty() && nobody.children().unwrap().is_empty());
    assert!(nobody.descriptors().unwrap().is_empty());
    assert_eq!((nobody.flags(0).unwrap(), nobody.name()), (None, String::new()));
}
