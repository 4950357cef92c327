//! What it sees.

use super::{sandboxed, says, text};
use crate::programs::shell;
use sandbox::{Command, IsolationLevel, LaunchError, SandboxPolicy};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

#[test]
fn it_is_an_ordinary_user_in_a_folder_of_its_own() {
    assert_eq!(says("id -u; id -g; pwd; hostname"), "1000\n1000\n/work\nsandbox");
    assert_eq!(
        says("touch here /tmp/there /dev/shm/too && ls /work /tmp | xargs"),
        "/tmp: there too /work: here"
    );
}

#[test]
fn it_sees_the_system_and_nothing_of_anyone() {
    let listed = says("ls -d /* | grep -v -E '^/(lib.*|sbin|bin)$'");
    assert_eq!(listed, "/dev\n/etc\n/proc\n/tmp\n/usr\n/work");
    assert_eq!(says("ls -A /tmp /root /home 2>&1 | grep -v 'cannot access'"), "/tmp:");
}

#[test]
fn what_is_not_shown_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    fs::write(&secret, "the solution").unwrap();
    let shown = folder.path().join("shown");
    fs::write(&shown, "a question").unwrap();
    let line =
        format!("cat {} {}; ls {}", shown.display(), secret.display(), folder.path().display());
    let said = text(&sandboxed(shell(&line), &[&shown]).run().unwrap());
    assert!(said.starts_with("a question") && said.ends_with("shown"), "{said}");
    assert!(said.contains("No such file") && !said.contains("solution"), "{said}");
}

#[test]
fn what_is_shown_cannot_be_changed() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "as it was").unwrap();
    fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o777)).unwrap();
    fs::set_permissions(folder.path().join("file"), PermissionsExt::from_mode(0o666)).unwrap();
    let line = "cd $0; echo more > file; touch new; rm file; mv file other; chmod 600 file; \
                ln -s x link; mkfifo pipe; touch /usr/new /etc/new /new; ls";
    let launch = Command::new("sh").args(["-c", line]).args([folder.path()]);
    let said = text(&sandboxed(launch, &[folder.path()]).run().unwrap());
    assert_eq!(said.matches("Read-only file system").count(), 10, "{said}");
    assert!(said.ends_with("\nfile"), "{said}");
    assert_eq!(fs::read(folder.path().join("file")).unwrap(), b"as it was");
}

#[test]
fn the_folders_above_what_is_shown_need_not_be_open_to_it() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o700)).unwrap();
    let inner = folder.path().join("a/b");
    fs::create_dir_all(&inner).unwrap();
    fs::write(inner.join("file"), "read").unwrap();
    let _ = std::os::unix::fs::chown(folder.path(), Some(65_533), None); // where this is root
    let launch = Command::new("cat").args([inner.join("file")]);
    assert_eq!(text(&sandboxed(launch, &[&inner]).run().unwrap()), "read");
}

#[test]
fn it_finds_its_files_where_it_runs_and_writes_beside_them() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a file"), "read").unwrap();
    fs::create_dir(folder.path().join("src")).unwrap();
    fs::write(folder.path().join("src/more"), " more").unwrap();
    let launch = shell("cat 'a file' src/more; echo ' written' > new; cat new");
    let launch = launch.current_dir(folder.path());
    let said = text(&sandboxed(launch, &[folder.path()]).run().unwrap());
    assert_eq!(said, "read more written");
    assert!(!folder.path().join("new").exists());
}

#[test]
fn a_folder_that_is_not_shown_cannot_be_its_own() {
    let launch = shell("ls").current_dir(env!("CARGO_MANIFEST_DIR"));
    let refused = sandboxed(launch, &[]).run().unwrap_err();
    assert!(matches!(refused, LaunchError::NoDirectory { .. }), "{refused}");
}

#[test]
fn what_cannot_be_shown_is_refused() {
    for path in ["/", "/tmp", "/proc/1", "/dev/kmsg", "/no/such/path"] {
        let refused = sandboxed(shell("ls"), &[Path::new(path)]).run().unwrap_err();
        assert!(matches!(refused, LaunchError::NotShown { .. }), "{path}: {refused}");
        assert!(refused.to_string().starts_with(path), "{refused}");
    }
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let refused = sandboxed(Command::new("/etc/rc.local"), &[&program]).run().unwrap_err();
    let named = matches!(refused, LaunchError::NotShown { .. } | LaunchError::NotFound(_));
    assert!(named, "{refused}");
}

#[test]
fn what_is_shown_twice_is_shown_once() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "once").unwrap();
    let file = folder.path().join("file");
    let visible = [file.as_path(), folder.path(), Path::new("/usr/bin"), Path::new("/usr"), &file];
    let launch = Command::new("cat").args([&file]);
    assert_eq!(text(&sandboxed(launch, &visible).run().unwrap()), "once");
}

#[test]
fn a_path_that_goes_up_leads_where_it_does_outside() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("shown")).unwrap();
    fs::write(folder.path().join("shown/file"), "read").unwrap();
    let shown = folder.path().join("shown/../shown");
    let launch = shell("cat file").current_dir(&shown);
    assert_eq!(text(&sandboxed(launch, &[&shown]).run().unwrap()), "read");
    let outside = sandboxed(Command::new("/usr/../root/secret"), &[]).run().unwrap_err();
    assert!(matches!(outside, LaunchError::NotFound(_) | LaunchError::NotShown { .. }));
}

#[test]
fn it_sees_its_own_processes_and_no_others() {
    let line = "cat /proc/[0-9]*/comm | grep -vE '^(sh|cat|grep)$'; kill -9 1; echo still here";
    assert_eq!(says(line), "still here");
}

#[test]
fn the_first_process_is_closed_to_it() {
    let said = says("for it in cmdline environ fd maps mem cwd/x; do cat /proc/1/$it; done 2>&1");
    assert_eq!(said.matches("No such file").count(), 6, "{said}");
    assert_eq!(says("cat /proc/sys/user/max_user_namespaces"), "0");
}

#[test]
fn its_environment_is_its_own() {
    let said = text(&sandboxed(Command::new("env").env("PORT", "7000"), &[]).run().unwrap());
    let mut lines: Vec<_> = said.lines().collect();
    lines.sort_unstable();
    let path = "PATH=/usr/local/bin:/usr/bin:/bin";
    assert_eq!(lines, ["HOME=/work", "LANG=C.UTF-8", path, "PORT=7000", "TERM=dumb"]);
    let without = Command::new("env").env_remove("HOME");
    assert!(!text(&sandboxed(without, &[]).run().unwrap()).contains("HOME"));
}

#[test]
fn its_streams_can_be_opened_by_name() {
    assert_eq!(says("echo one > /dev/stdout; echo two > /dev/stderr; cat /dev/stdin"), "one\ntwo");
}

#[test]
fn its_devices_are_those_that_do_no_harm() {
    let said = says(
        "cd /dev; echo x > null; head -c 3 zero | wc -c; head -c 3 urandom | wc -c; \
         head -c 1 zero > full; for it in *; do test -b $it && echo block; done; ls | xargs",
    );
    assert!(said.starts_with("3\n3\n") && said.contains("No space left"), "{said}");
    assert!(said.ends_with("fd full null random shm stderr stdin stdout urandom zero"), "{said}");
}

#[test]
fn names_are_looked_up_without_a_network() {
    assert_eq!(says("getent hosts localhost | head -1; id -un").lines().count(), 2);
}

#[test]
fn its_folder_is_one_of_this_machine_where_it_has_no_box() {
    for level in [IsolationLevel::OtherUser, IsolationLevel::Landlock, IsolationLevel::None] {
        let launch =
            shell("echo made > file; pwd").sandboxed(SandboxPolicy::default()).isolation(level);
        let Ok(finished) = launch.run() else { continue };
        assert_eq!(finished.files().unwrap().len(), 1, "{level}");
        let made = std::io::read_to_string(finished.open(Path::new("file")).unwrap()).unwrap();
        let folder = PathBuf::from(text(&finished));
        assert!(made == "made\n" && folder.is_dir(), "{level}: {made}");
        drop(finished);
        assert!(!folder.exists(), "{level}");
    }
}
