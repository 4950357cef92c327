//! What an isolation level cannot limit on this machine.

use super::IsolationLevel;
use crate::cgroup;
use crate::landlock;
use nix::unistd::geteuid;

/// The first version of Landlock that can restrict TCP ports. Linux 6.7 has this version.
const PORTS: i32 = 4;

impl IsolationLevel {
    /// What this level cannot limit or separate on this machine when it runs an untrusted program,
    /// one sentence each. Every sentence says what helps.
    pub fn unbounded(self) -> Vec<String> {
        let mut found = Vec::new();
        if cgroup::version() == "watchdog" {
            found.push(NO_CGROUP.to_owned());
        }
        match self {
            IsolationLevel::Namespaces if !geteuid().is_root() => {
                found.push(ONE_USER.to_owned());
            }
            IsolationLevel::Namespaces => {}
            IsolationLevel::OtherUser => {
                found.push(SHARED_NETWORK.to_owned());
                found.extend(landlock_limits());
            }
            IsolationLevel::Landlock => {
                found.extend([SHARED_NETWORK, ONE_USER].map(str::to_owned));
                found.extend(landlock_limits());
            }
            IsolationLevel::None => found.extend([SHARED_NETWORK, NO_FILES].map(str::to_owned)),
        }
        found.push(PROCESSORS.to_owned());
        found
    }
}

fn landlock_limits() -> Option<String> {
    match landlock::version() {
        0 => Some(NO_FILES.to_owned()),
        version if version < PORTS => Some(
            "this kernel's Landlock does not restrict ports: a program can connect to any address; \
             Linux 6.7 and later restrict them"
                .to_owned(),
        ),
        _ => None,
    }
}

const NO_CGROUP: &str = "no control group can be made here: memory is sampled every 20 ms, and \
                         buffers of AF_UNIX sockets and epoll registrations are not limited; run as \
                         root, or with systemd-run --user --scope -p Delegate=yes";
const ONE_USER: &str = "all programs run as this user: they share its limits of pipes, epoll \
                        registrations and descriptors in messages; --jobs 1 keeps them apart";
const SHARED_NETWORK: &str = "programs use this machine's network: a program can see which ports \
                              are in use, and one that leaves its port busy delays the next one; \
                              --isolation namespaces separates them";
const NO_FILES: &str = "a program can read every file that its user may read, and connect to any \
                        TCP address; --isolation namespaces prevents this";
const PROCESSORS: &str = "no processor time is reserved: a program that computes slows those beside \
                          it; waits are longer then, and --jobs 1 grades one program at a time";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weaker_level_limits_less() {
        let counts = IsolationLevel::ALL.map(|level| level.unbounded().len());
        assert!(counts[0] < counts[3], "{counts:?}");
        assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
    }

    #[test]
    fn every_sentence_is_one_line() {
        for sentence in IsolationLevel::ALL.iter().flat_map(|level| level.unbounded()) {
            assert!(!sentence.contains('\n') && sentence.contains(';'), "{sentence}");
        }
    }
}
