//! `cargo xtask doctor`: what this machine permits, what is lost without it, and how to get it.

use anyhow::Result;
use proofs::{Ability, IsolationLevel, abilities};
use std::path::Path;
use std::{env, fs};
use terminal::outcome::Outcome;
use terminal::show::{IdColumn, Line, Screen, hanging};

/// The arguments of `doctor`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {}

const EXAMPLES: &str = "\
Everything is found by trying it here, with a program that sleeps. A criterion that needs
something that the machine refuses is inconclusive, and never counts against a server.

Example:
  cargo xtask doctor

Exit status: 0 everything that a proof needs is permitted; 1 something is missing.";

/// Something that was looked at, and what it means if it is missing.
struct Finding {
    name: &'static str,
    /// What is there, or why something is missing.
    found: Result<String, String>,
    /// What is lost without it. Empty if nothing is missing.
    lost: &'static str,
    /// How to get it.
    remedy: String,
    /// Whether a proof needs it.
    is_needed: bool,
}

/// Shows what this machine permits.
///
/// # Errors
/// Standard output cannot be written.
pub(crate) fn run(_: &Args) -> Result<Outcome> {
    let level = IsolationLevel::here();
    let mut findings = vec![isolation(level)];
    findings.extend(abilities(level).into_iter().filter_map(ability));
    findings.extend(PROGRAMS.iter().map(program));
    let mut screen = Screen::stdout();
    let width = screen.width();
    screen.show(&Line::new().strong("this machine").faint(&format!("  {}", machine())))?;
    let ids = IdColumn::of(findings.iter().map(|finding| finding.name));
    for finding in &findings {
        screen.show_all(&lines(finding, &ids, width))?;
    }
    let missing = findings.iter().filter(|it| it.is_needed && it.found.is_err()).count();
    screen.show(&Line::new())?;
    let verdict = match missing {
        0 => Line::new().good("ready").faint(" · ").plain("every criterion can be proved here"),
        _ => Line::new()
            .unsure("limited")
            .faint(" · ")
            .plain("the criteria named above are inconclusive here"),
    };
    screen.show(&verdict)?;
    Ok(Outcome::of_differences(missing > 0))
}

/// The kernel, the processor and the user.
fn machine() -> String {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let user = match fs::metadata("/proc/self").map(|own| std::os::unix::fs::MetadataExt::uid(&own))
    {
        Ok(0) => "root",
        _ => "an ordinary user",
    };
    format!("Linux {} · {} · {user}", release.trim(), env::consts::ARCH)
}

/// The strongest isolation level, and why a stronger one is refused.
fn isolation(level: IsolationLevel) -> Finding {
    let refusal = IsolationLevel::Namespaces.refusal().unwrap_or_default();
    let (reason, remedy) = refusal.split_once("; ").unwrap_or((refusal, ""));
    Finding {
        name: "isolation",
        found: match level {
            IsolationLevel::Namespaces => Ok("namespaces (the strongest)".to_owned()),
            other => Err(format!("only {other}: {reason}")),
        },
        lost: "Servers use this machine's ports: only one proof at a time, and a port in use stops \
               it. Programs of others are not well isolated. In w01-l02, the criteria that need a \
               host name of their own are inconclusive.",
        remedy: remedy.to_owned(),
        is_needed: true,
    }
}

/// What a refused ability means. `None` for an ability that needs no line.
fn ability((ability, refusal): (Ability, Option<String>)) -> Option<Finding> {
    let (name, what, lost, remedy) = match ability {
        Ability::Start => ("start", "programs can be started", "Nothing can be proved.", OPEN),
        Ability::Descriptors => (
            "descriptors",
            "/proc/PID/fd can be read",
            "No log line can be compared with the kernel, so most criteria are inconclusive.",
            SAME_USER,
        ),
        Ability::Memory => (
            "memory",
            "/proc/PID/mem can be read",
            "The pollfd array is not seen, so watch-set of the poll lessons is inconclusive.",
            PTRACE,
        ),
        Ability::Trace => (
            "ptrace",
            "ptrace(2) is permitted",
            "A server in a busy loop is told so only after the time-out, if at all. errno-kept of \
             w02-l02 is inconclusive, and replay shows no system calls.",
            PTRACE,
        ),
        Ability::Faults => (
            "faults",
            "seccomp_unotify(2) is permitted",
            "No system call can be made to fail, so criteria such as accept-again and fork-fails \
             are inconclusive.",
            SECCOMP,
        ),
        _ => return None,
    };
    let found = refusal.map_or_else(|| Ok(what.to_owned()), Err);
    Some(Finding { name, found, lost, remedy: remedy.to_owned(), is_needed: true })
}

const OPEN: &str = "see the message above, or use another machine";
const SAME_USER: &str = "run the command as the user who owns the server's process, or as root";
const PTRACE: &str = "in a container: docker run --cap-add SYS_PTRACE; on a machine of your own: \
                      sysctl -w kernel.yama.ptrace_scope=1";
const SECCOMP: &str = "use Linux 5.5 or later; in a container: docker run --security-opt \
                       seccomp=unconfined";

/// A program that is good to have: its name, what it is for, and its Debian package.
type Program = (&'static str, &'static str, &'static str);

const PROGRAMS: &[Program] = &[
    ("cc", "Servers in C cannot be compiled.", "gcc libc6-dev"),
    ("python3", "Servers in Python do not run.", "python3"),
    ("nc", "You need another client to try a server by hand.", "netcat-openbsd"),
    ("redis-cli", "You need another client to try the key-value store by hand.", "redis-tools"),
    ("git", "Your work is not recorded; you can hand in an archive.", "git"),
];

fn program((name, lost, package): &Program) -> Finding {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).map(|folder| folder.join(name)).find(|it| it.is_file());
    Finding {
        name,
        found: found
            .as_deref()
            .map(Path::display)
            .map(|it| it.to_string())
            .ok_or("not in PATH".into()),
        lost,
        remedy: format!("on Debian or Ubuntu: sudo apt-get install {package}"),
        is_needed: false,
    }
}

/// One line for what is there. For what is missing, also what is lost and how to get it.
fn lines(finding: &Finding, ids: &IdColumn, width: usize) -> Vec<Line> {
    let name = finding.name;
    let reason = match &finding.found {
        Ok(found) => return ids.marked(Line::new().good("✓"), name, found, "", width, Line::plain),
        Err(reason) => reason,
    };
    let sign = if finding.is_needed { Line::new().unsure("!") } else { Line::new().faint("–") };
    let mut lines = ids.marked(sign, name, reason, "", width, Line::plain);
    lines.extend(hanging(Line::new(), 6, finding.lost, width - 6, Line::faint));
    if !finding.remedy.is_empty() {
        let remedy = format!("to get it: {}", finding.remedy);
        lines.extend(hanging(Line::new(), 6, &remedy, width - 6, Line::plain));
    }
    lines
}
