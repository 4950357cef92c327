//! The names of the events of poll and epoll.

/// The events of poll(2). epoll uses the same bits for these events (linux/eventpoll.h).
const SHARED: [(i32, &str); 8] = [
    (libc::EPOLLIN, "IN"),
    (libc::EPOLLPRI, "PRI"),
    (libc::EPOLLOUT, "OUT"),
    (libc::EPOLLERR, "ERR"),
    (libc::EPOLLHUP, "HUP"),
    (libc::POLLNVAL as i32, "NVAL"),
    (libc::EPOLLRDNORM, "RDNORM"),
    (libc::EPOLLRDHUP, "RDHUP"),
];
/// The flags of epoll_ctl(2), which poll does not have.
const FLAGS: [(i32, &str); 3] =
    [(libc::EPOLLEXCLUSIVE, "EXCLUSIVE"), (libc::EPOLLONESHOT, "ONESHOT"), (libc::EPOLLET, "ET")];

/// The names of the bits that are set. Each name has the prefix `POLL` or `EPOLL`, e.g.
/// `POLLIN|POLLOUT`. The result is `0` if no bit is set.
pub(crate) fn names(prefix: &str, bits: u32) -> String {
    let all = SHARED.iter().chain(&FLAGS);
    let set = all.filter(|(bit, _)| bits & *bit as u32 != 0);
    let names: Vec<_> = set.map(|(_, name)| format!("{prefix}{name}")).collect();
    if names.is_empty() { "0".to_owned() } else { names.join("|") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn poll_and_epoll_share_their_numbers() {
        let poll = [libc::POLLIN, libc::POLLPRI, libc::POLLOUT, libc::POLLERR];
        let more = [libc::POLLHUP, libc::POLLNVAL, libc::POLLRDNORM, libc::POLLRDHUP];
        let numbers = poll.into_iter().chain(more).map(i32::from);
        assert!(numbers.eq(SHARED.map(|(bit, _)| bit)));
    }

    #[test]
    fn several_bits_are_named_in_the_order_of_their_numbers() {
        assert_eq!(names("POLL", (libc::POLLOUT | libc::POLLIN) as u32), "POLLIN|POLLOUT");
        assert_eq!(names("EPOLL", (libc::EPOLLET | libc::EPOLLIN) as u32), "EPOLLIN|EPOLLET");
        assert_eq!(names("POLL", 0), "0");
    }
}
