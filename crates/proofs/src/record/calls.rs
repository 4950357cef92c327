//! Describes a recorded system call as a person reads it.

use course::timeline::{Call, CallKind};
use witness::{CallRecord, Errno, RecordedClient, Target};

/// The maximum number of entries of a `pollfd` array that are shown.
const MAX_ENTRIES: usize = 6;

/// The inode of the listener, if the call is a successful listen(2).
pub(super) fn listener(record: &CallRecord) -> Option<u64> {
    let is_listen = record.call.name() == "listen" && record.result == Some(0);
    inode(record.target.as_ref().filter(|_| is_listen))
}

/// The number of the client whose connection the call is about: the connection of its descriptor, or
/// the connection that it has accepted.
pub(super) fn client(record: &CallRecord, clients: &[RecordedClient]) -> Option<usize> {
    let targets = [record.new_target.as_ref(), record.target.as_ref()];
    let inodes: Vec<_> = targets.into_iter().filter_map(inode).collect();
    let is_its = |client: &RecordedClient| client.inode.is_some_and(|it| inodes.contains(&it));
    clients.iter().rposition(is_its)
}

/// The call. `client` is the lane and the name of the client that it is about.
pub(super) fn call(
    record: &CallRecord,
    listener: Option<u64>,
    client: Option<(usize, String)>,
) -> Call {
    let kind = kind(record);
    let (lane, name) = client.unzip();
    Call {
        name: record.call.name(),
        kind,
        arguments: arguments(record, kind, listener, name.as_deref()),
        result: result(record, kind, name.as_deref()),
        failed: record.result.is_some_and(is_errno),
        lasted: record.lasted,
        client: lane,
        bytes: record.bytes.clone(),
    }
}

/// `client A`. A client without a name of its own is named `client 12` already, and a server
/// `server 1`.
fn of_client(name: &str) -> String {
    if name.contains(' ') { name.to_owned() } else { format!("client {name}") }
}

/// Whether a descriptor refers to a file, and not to a socket, a pipe, a terminal or an object of the
/// kernel.
fn is_file(target: Option<&Target>) -> bool {
    let is_path = |path: &str| path.starts_with('/') && !path.starts_with("/dev/pts");
    matches!(target, Some(Target::Other(path)) if is_path(path))
}

fn inode(target: Option<&Target>) -> Option<u64> {
    match target {
        Some(Target::Socket(inode)) => Some(*inode),
        _ => None,
    }
}

/// Whether a result is a negated errno (linux/err.h, MAX_ERRNO).
fn is_errno(result: i64) -> bool {
    (-4095..0).contains(&result)
}

fn kind(record: &CallRecord) -> CallKind {
    let call = &record.call;
    match call.name() {
        // The program's own files, and those of its libraries and of its language.
        _ if is_file(record.target.as_ref()) => CallKind::Other,
        _ if call.waits_for_readiness() => CallKind::Wait,
        "nanosleep" | "clock_nanosleep" | "pause" | "rt_sigtimedwait" => CallKind::Wait,
        "bind" | "listen" => CallKind::Listen,
        "accept" | "accept4" | "connect" => CallKind::Accept,
        "read" | "readv" | "recvfrom" | "recvmsg" | "recvmmsg" | "pread64" => CallKind::Read,
        "write" | "writev" if matches!(call.descriptor(), Some(1 | 2)) => CallKind::Print,
        "write" | "writev" | "sendto" | "sendmsg" | "sendmmsg" | "sendfile" | "splice" => {
            CallKind::Write
        }
        "close" | "shutdown" => CallKind::Close,
        "epoll_ctl" => CallKind::Watch,
        "fork" | "vfork" | "clone" | "clone3" | "wait4" | "waitid" | "kill" | "tgkill" => {
            CallKind::Process
        }
        _ => CallKind::Other,
    }
}

/// `5, client A`, `3, the listener`, `[3 POLLIN, 5 POLLIN|POLLHUP], 1000 ms`.
fn arguments(
    record: &CallRecord,
    kind: CallKind,
    listener: Option<u64>,
    client: Option<&str>,
) -> String {
    let call = &record.call;
    if let Some(entries) = &record.poll_entries {
        // Entries with a negative descriptor are skipped by the kernel.
        let entries: Vec<_> = entries.iter().filter(|entry| entry.fd >= 0).collect();
        let text = |fd: i32, events: String| match events.as_str() {
            "0" => fd.to_string(),
            events => format!("{fd} {events}"),
        };
        let shown = entries.iter().take(MAX_ENTRIES);
        let mut texts: Vec<_> = shown.map(|entry| text(entry.fd, entry.revents())).collect();
        if entries.len() > MAX_ENTRIES {
            texts.push(format!("… {} in all", entries.len()));
        }
        return format!("[{}]", texts.join(", "));
    }
    let own = inode(record.target.as_ref());
    let about = match record.target.as_ref() {
        _ if own.is_some() && own == listener => Some("the listener".to_owned()),
        _ if kind == CallKind::Accept => None,
        _ => client.map(of_client),
    };
    let operation = match (call.name(), call.arguments[1] as i32) {
        ("epoll_ctl", libc::EPOLL_CTL_ADD) => Some("add"),
        ("epoll_ctl", libc::EPOLL_CTL_MOD) => Some("change"),
        ("epoll_ctl", libc::EPOLL_CTL_DEL) => Some("remove"),
        ("shutdown", libc::SHUT_RD) => Some("read"),
        ("shutdown", libc::SHUT_WR) => Some("write"),
        ("shutdown", libc::SHUT_RDWR) => Some("both"),
        _ => None,
    };
    let fd = call.descriptor().map(|fd| fd.to_string());
    let parts = [fd, operation.map(str::to_owned), about];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// `5`, `EAGAIN`; for a client that was accepted `5, client A`.
fn result(record: &CallRecord, kind: CallKind, client: Option<&str>) -> String {
    match record.result {
        None => String::new(),
        Some(value) if is_errno(value) => match Errno::from_raw(-value as i32) {
            // ERESTARTSYS and others: the kernel makes the call again after the signal handler.
            Errno::UnknownErrno => "interrupted".to_owned(),
            errno => format!("{errno:?}"),
        },
        Some(value) => match client.filter(|_| kind == CallKind::Accept) {
            Some(client) => format!("{value}, {}", of_client(client)),
            None => value.to_string(),
        },
    }
}
