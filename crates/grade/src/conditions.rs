//! The conditions under which all submissions of a run are built and proved: how they are isolated,
//! what is hidden from them, and how long a proof may take.

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::time::Duration;
use terminal::paths;
use terminal::show::{self, Line};
use witness::IsolationLevel;

/// The default value of `--budget`, in seconds.
pub const DEFAULT_BUDGET: u32 = 60;

/// The names of programs that speak the Redis protocol and that many machines have installed. A
/// submission that starts one of them would pass the key-value lesson with a server that its author
/// has not written.
const SERVERS: [&str; 13] = [
    "redis-server",
    "redis-sentinel",
    "redis-check-rdb", // in Debian, redis-server is a link to this file
    "redis-check-aof",
    "valkey-server",
    "valkey-sentinel",
    "keydb-server",
    "redict-server",
    "dragonfly",
    "garnet-server",
    "kvrocks",
    "ssdb-server",
    "tile38-server",
];

/// The folders in which programs are installed.
const PROGRAM_FOLDERS: [&str; 6] =
    ["/usr/local/bin", "/usr/local/sbin", "/usr/bin", "/usr/sbin", "/bin", "/sbin"];

/// The conditions under which submissions are built and proved.
#[derive(Clone, Debug)]
pub struct Conditions {
    /// The isolation level of builds and proofs.
    pub isolation: IsolationLevel,
    /// The files and folders of this machine that no submission can see.
    pub hidden: Vec<PathBuf>,
    /// The maximum wall time in which the criteria of one lesson of one submission are checked. A
    /// check that has begun is finished.
    pub budget: Duration,
}

/// The arguments of `grade` and `grade-one` that set the conditions.
#[derive(Clone, Debug, clap::Args)]
pub struct ConditionArgs {
    /// The seconds in which a submission's proof of one lesson must begin its last check; the
    /// criteria that are left get no points
    #[arg(long, value_name = "SECONDS", default_value_t = DEFAULT_BUDGET)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub budget: u32,
    /// Also hide this file or folder of the machine from all submissions, e.g. a server in /usr
    /// that students could start in place of their own; can be repeated
    #[arg(long, value_name = "PATH")]
    pub hide: Vec<PathBuf>,
}

impl Conditions {
    /// The conditions of these arguments.
    ///
    /// # Errors
    /// A path to hide does not exist, or submissions could see the course.
    pub fn new(args: &ConditionArgs, isolation: IsolationLevel) -> Result<Self> {
        check_places([paths::root(), paths::target()])?;
        let mut hidden = servers_of_this_machine();
        for path in &args.hide {
            let real = path.canonicalize();
            hidden.push(real.with_context(|| format!("--hide {}", path.display()))?);
        }
        Ok(Self { isolation, hidden, budget: Duration::from_secs(args.budget.into()) })
    }

    /// Whether `path` is hidden from submissions.
    pub(crate) fn hides(&self, path: &Path) -> bool {
        let Ok(path) = path.canonicalize() else { return false };
        self.hidden.iter().any(|hidden| path.starts_with(hidden))
    }

    /// Prints a line on standard error for everything that the isolation level cannot limit on this
    /// machine.
    pub(crate) fn note_unbounded(&self) {
        for line in self.isolation.unbounded() {
            let line = format!("not bounded by {}: {line}", self.isolation);
            show::note(&Line::new().faint(&line));
        }
    }
}

/// Checks that submissions cannot see what is at these paths.
///
/// # Errors
/// A path is below `/usr` or another folder that every sandbox shows. A submission could read the
/// solution or the builds of others there.
pub(crate) fn check_places(places: impl IntoIterator<Item = PathBuf>) -> Result<()> {
    for place in places {
        if sandbox::is_always_visible(&place) {
            bail!(
                "{} is in a folder that every submission can read, because programs need it; \
                 move it, for example to /srv or to a home folder",
                place.display()
            );
        }
    }
    Ok(())
}

/// The programs of [`SERVERS`] that are installed on this machine.
fn servers_of_this_machine() -> Vec<PathBuf> {
    let all = PROGRAM_FOLDERS
        .iter()
        .flat_map(|folder| SERVERS.iter().map(move |name| Path::new(folder).join(name)));
    all.filter_map(|path| path.canonicalize().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(hide: &[&str]) -> ConditionArgs {
        ConditionArgs { budget: DEFAULT_BUDGET, hide: hide.iter().map(PathBuf::from).collect() }
    }

    #[test]
    fn a_path_to_hide_must_exist() {
        let new = |hide: &[&str]| Conditions::new(&args(hide), IsolationLevel::None);
        assert!(new(&["/usr/bin/env"]).unwrap().hides(Path::new("/usr/bin/env")));
        let error = format!("{:#}", new(&["/no/such/file"]).unwrap_err());
        assert!(error.contains("--hide /no/such/file"), "{error}");
    }

    #[test]
    fn a_course_in_a_visible_folder_is_refused() {
        let error = check_places([PathBuf::from("/usr/share/course")]).unwrap_err().to_string();
        assert!(error.contains("/usr/share/course") && error.contains("move it"), "{error}");
        check_places([paths::root(), PathBuf::from("/srv/course")]).unwrap();
    }

    #[test]
    fn a_server_of_this_machine_is_hidden_under_each_of_its_names() {
        let hidden = servers_of_this_machine();
        for path in ["/usr/bin/redis-server", "/usr/bin/redis-check-rdb"].map(Path::new) {
            let real = path.canonicalize();
            assert!(real.is_err() || hidden.contains(&real.unwrap()), "{path:?}");
        }
    }
}
