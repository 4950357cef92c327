//! Tests of the store. The tests set the current time.

use kv_store::store::{Store, Value};

/// A store at time 1000. Key a expires at 2000, and key b never expires.
fn store() -> Store {
    let mut store = Store::default();
    store.set_now(1000);
    store.set(b"a", b"1");
    store.set(b"b", b"2");
    assert!(store.set_expiry(b"a", Some(2000)));
    store
}

#[test]
fn a_key_lives_until_its_time_is_past() {
    let mut store = store();
    store.set_now(2000);
    assert!(store.contains(b"a"));
    store.set_now(2001);
    assert!(!store.contains(b"a") && store.contains(b"b"));
    assert_eq!((store.expiry(b"a"), store.next_expiry()), (None, None));
}

#[test]
fn no_method_shows_an_expired_key() {
    let mut store = store();
    store.set_now(3000);
    assert_eq!(store.string(b"a").unwrap(), None);
    assert!(store.get_mut(b"a").is_none());
    assert!(!store.remove(b"a") && !store.set_expiry(b"a", None));
    assert_eq!((store.count(), store.keys().collect::<Vec<_>>()), (1, vec![&b"b"[..]]));
}

#[test]
fn a_new_value_does_not_expire_and_a_changed_value_still_does() {
    let mut store = store();
    store.set_and_keep_expiry(b"a", b"2");
    assert_eq!(store.expiry(b"a"), Some(2000));
    store.set(b"a", b"3");
    assert_eq!((store.expiry(b"a"), store.next_expiry()), (None, None));
    store.set_now(3000);
    assert_eq!(store.string(b"a").unwrap(), Some(&b"3"[..]));
}

#[test]
fn the_earliest_are_removed_first_and_no_more_than_the_limit() {
    let mut store = store();
    store.set(b"c", b"3");
    store.set_expiry(b"c", Some(1500));
    store.set_now(3000);
    store.remove_expired(1);
    assert_eq!(store.next_expiry(), Some(2000));
    store.remove_expired(1);
    assert_eq!(store.next_expiry(), None);
}

#[test]
fn the_last_expiry_that_was_set_counts() {
    let mut store = store();
    for at in [5000, 4000, 1100, 6000] {
        store.set_expiry(b"a", Some(at));
    }
    assert_eq!(store.next_expiry(), Some(6000));
    store.set_expiry(b"a", None);
    assert_eq!(store.next_expiry(), None);
}

#[test]
fn a_watcher_sees_a_change() {
    let mut store = store();
    let seen = store.watch(b"a");
    store.set(b"b", b"x");
    assert!(!store.has_changed(b"a", seen));
    store.set(b"a", b"x");
    assert!(store.has_changed(b"a", seen));
    let seen = store.watch(b"a");
    assert!(!store.has_changed(b"a", seen));
    store.set_expiry(b"a", Some(1500));
    assert!(store.has_changed(b"a", seen));
}

#[test]
fn an_expiry_is_a_change() {
    let mut store = store();
    let seen = store.watch(b"a");
    store.set_now(3000);
    assert!(store.has_changed(b"a", seen));
}

#[test]
fn clearing_changes_the_keys_that_were_there() {
    let mut store = store();
    let (a, other) = (store.watch(b"a"), store.watch(b"other"));
    store.clear();
    assert!(store.has_changed(b"a", a) && !store.has_changed(b"other", other));
    assert_eq!((store.count(), store.next_expiry()), (0, None));
}

#[test]
fn a_value_takes_no_more_memory_than_twice_its_length() {
    let mut store = store();
    store.set(b"b", &[b'x'; 1 << 20]);
    store.set(b"b", b"small");
    let Some(Value::String(string)) = store.get(b"b") else { panic!("b is a string") };
    assert!(string.capacity() <= 10);
}
