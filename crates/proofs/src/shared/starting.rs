//! What a server does until it listens: the `[START]` line, and the addresses at which it listens.

use crate::check_context::CheckContext;
use crate::check_error::{CheckError, Failure};
use crate::test_run::TestRun;
use std::net::{IpAddr, Ipv4Addr};
use witness::{Errno, FaultInjector, Line, Server, Socket, WaitError};

/// Waits for the server's `[START]` line, which must have `key=wanted`. If the line is wrong,
/// `explain` finds the Common Mistakes row for the line.
pub(crate) fn expect_start_line(
    run: &mut TestRun,
    key: &str,
    wanted: &str,
    explain: impl Fn(&str) -> Option<&'static str>,
) -> Result<(), CheckError> {
    let (mistake, summary, observed, wait_error) =
        match run.server.wait_for(|now| Ok(start_line(now))) {
            Ok(line) if line.value(key) == Some(wanted) => return Ok(()),
            Ok(line) => {
                let summary = format!("The [START] line does not say {key}={wanted}.");
                (explain(&line.text), summary, line.text, None)
            }
            Err(wait_error) => {
                let summary = "The server listens, and logs no [START] line.".to_owned();
                (None, summary, printed_instead(&run.server, wanted), Some(wait_error))
            }
        };
    let expected = format!("[START] {key}={wanted}");
    let failure = Failure { id: "start-line", mistake, summary, expected, observed };
    Err(run.fail_after(wait_error, failure))
}

/// The first `[START]` line of the log.
pub(crate) fn start_line(server: &Server) -> Option<Line> {
    server.log().iter().find(|line| line.tag() == Some("START")).cloned()
}

/// The line that comes nearest to a `[START]` line: a line that has the word, or else a line that
/// has the value, or else the first line. A program that writes its log to standard error has it
/// there.
fn printed_instead(server: &Server, wanted: &str) -> String {
    let printed: Vec<&str> = server.log().iter().map(|line| line.text.as_str()).collect();
    let errors = server.stderr();
    let errors: Vec<&str> = errors.lines().collect();
    let nearest = |lines: &[&str]| nearest(lines, wanted).map(str::to_owned);
    match (nearest(&printed), nearest(&errors)) {
        (Some(line), _) => line,
        (None, Some(line)) => format!("on standard error: {line}"),
        (None, None) => "nothing was printed".to_owned(),
    }
}

fn nearest<'a>(lines: &[&'a str], wanted: &str) -> Option<&'a str> {
    let has_word = |line: &&&str| line.to_ascii_lowercase().contains("start");
    let has_value = |line: &&&str| line.contains(wanted);
    let first = lines.iter().find(|line| !line.trim().is_empty());
    lines.iter().find(has_word).or_else(|| lines.iter().find(has_value)).or(first).copied()
}

/// The server listens at every IPv4 address of the machine: its socket is bound to 0.0.0.0, or to
/// \[::\] without the option IPV6_V6ONLY (ipv6(7)). Only if the kernel does not show this, clients
/// connect to find out.
pub(crate) fn expect_every_address(run: &mut TestRun) -> Result<(), CheckError> {
    let port = run.port;
    let mut listeners = run.server.listeners()?;
    listeners.retain(|listener| listener.local.port() == port);
    if listeners.is_empty() || has_ip(&listeners, Ipv4Addr::UNSPECIFIED.into()) {
        return Ok(());
    }
    for ip in [Ipv4Addr::LOCALHOST, Ipv4Addr::new(127, 0, 0, 2)] {
        run.step(format!("a client connected to {ip}:{port}"));
        if let Err(error) = run.server.connect_to(ip) {
            return Err(not_at(run, &listeners, ip, &error.to_string()));
        }
    }
    Ok(())
}

fn has_ip(listeners: &[Socket], ip: IpAddr) -> bool {
    listeners.iter().any(|listener| listener.local.ip() == ip)
}

/// The failure of a server that does not listen at the address `ip`.
fn not_at(run: &mut TestRun, listeners: &[Socket], ip: Ipv4Addr, error: &str) -> CheckError {
    let port = run.port;
    let at: Vec<_> = listeners.iter().map(|listener| listener.local.to_string()).collect();
    let at = at.join(" and ");
    let summary = if listeners.iter().all(|listener| listener.local.is_ipv6()) {
        format!("The server listens at {at} for IPv6 only, and at no IPv4 address.")
    } else {
        format!("The server listens at {at}, and not at every IPv4 address of the machine.")
    };
    run.fail_now(Failure {
        id: "one-address",
        mistake: Some("one-address"),
        summary,
        expected: format!("a LISTEN socket at 0.0.0.0:{port}, or at [::]:{port} for IPv4, too"),
        observed: format!("the connection to {ip}:{port} failed: {error}"),
    })
}

/// Starts the server again and makes its call of listen fail. Then the server must not log a
/// `[START]` line: it logs the line after the last call that can fail.
pub(crate) fn expect_no_line_before_listen(context: &CheckContext<'_>) -> Result<(), CheckError> {
    let mut run = context.launch(context.lesson.capacity, FaultInjector::on(&["listen"]))?;
    // Set the fault before any other request to the server. Each request lets a system call
    // continue that waits for the fault injector.
    run.server.fail_next(Errno::EADDRINUSE);
    run.step("the server's call of listen is made to fail with EADDRINUSE");
    let announced = run.server.wait_for(|now| {
        let line = start_line(now).filter(|_| now.faults_left() == 0);
        Ok(line.filter(|_| now.listeners().is_ok_and(|all| all.is_empty())))
    });
    match announced {
        Ok(line) => Err(announced_too_early(&mut run, &line)),
        Err(WaitError::Unobservable(unseen)) => Err(unseen.into()),
        Err(_) => Ok(()),
    }
}

/// The failure of a server that logs the line although listen has failed.
fn announced_too_early(run: &mut TestRun, line: &Line) -> CheckError {
    let has_ended = matches!(run.server.wait_idle(), Err(WaitError::Ended(_)));
    let summary = match has_ended {
        true => "The server ended, after it had logged [START] without listening.",
        false => "The server logs [START], and does not listen.",
    };
    let failure = Failure {
        id: "start-too-early",
        mistake: Some("start-too-early"),
        summary: summary.to_owned(),
        expected: "no [START] line before listen has succeeded".to_owned(),
        observed: line.text.clone(),
    };
    run.fail_now(failure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_line_has_the_word_or_the_value() {
        let lines = ["hello", "port 3490", "START port=3490", "waiting"];
        assert_eq!(nearest(&lines, "3490"), Some("START port=3490"));
        assert_eq!(nearest(&lines[..2], "3490"), Some("port 3490"));
        assert_eq!(nearest(&lines[..1], "3490"), Some("hello"));
        assert_eq!(nearest(&["", "one"], "3490"), Some("one"));
        assert_eq!(nearest(&[], "3490"), None);
    }
}
