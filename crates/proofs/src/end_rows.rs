//! The rows of Common Mistakes that can explain the failure of a server that has ended.

/// Whether a row can explain the failure of a server that has ended. Most rows are about a server
/// that runs. If such a server has ended, the reason of its end is the reason of the failure.
pub(crate) fn may_explain_end(row: &str) -> bool {
    const ENDS: [&str; 24] = [
        // The server ended because of what the check had just done.
        "accept-eagain",
        "accept-emfile",
        "accept-unchecked",
        "added-again",
        "argument-trace",
        "closes-listener",
        "eintr-ends-server",
        "ends-with-child",
        "errno-changed",
        "error-ends-server",
        "fork-ends-server",
        "full-ends-server",
        "incr-wraps",
        "leaves-children",
        "negative-length",
        "no-reuse",
        "past-the-buffer",
        "read-reset",
        "reset-ends-server",
        "reuse-port",
        "sigpipe",
        "terminator",
        "unchecked-config",
        "write-reset",
    ];
    // The server ended because of PORT, as the check asked. Or the check has read a wrong line in
    // the log: the line is wrong also if the server ended later.
    const OBSERVED: [&str; 12] = [
        "byte-order",
        "ignores-port",
        "log-after-clear",
        "port-ignored",
        "port-not-named",
        "port-panic",
        "slot-given-twice",
        "slot-order",
        "start-count",
        "start-line",
        "start-too-early",
        "wrong-fd",
    ];
    ENDS.contains(&row) || OBSERVED.contains(&row)
}
