//! The files, processes and streams that an untrusted program sees.

use super::{output_of, sandboxed, text};
use crate::programs::shell;
use sandbox::{Command, IsolationLevel, LaunchError, SandboxPolicy};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

#[test]
fn the_program_is_an_ordinary_user_in_a_writable_folder() {
    assert_eq!(output_of("id -u; id -g; pwd; hostname"), "1000\n1000\n/work\nsandbox");
    assert_eq!(
        output_of("touch here /tmp/there /dev/shm/too && ls /work /tmp | xargs"),
        "/tmp: there too /work: here"
    );
}

#[test]
fn the_program_sees_system_files_and_no_others() {
    let listed = output_of("ls -d /* | grep -v -E '^/(lib.*|sbin|bin)$'");
    assert_eq!(listed, "/dev\n/etc\n/proc\n/tmp\n/usr\n/work");
    assert_eq!(output_of("ls -A /tmp /root /home 2>&1 | grep -v 'cannot access'"), "/tmp:");
}

#[test]
fn a_file_that_is_not_shown_does_not_exist_for_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    fs::write(&secret, "the solution").unwrap();
    let shown = folder.path().join("shown");
    fs::write(&shown, "a question").unwrap();
    let line =
        format!("cat {} {}; ls {}", shown.display(), secret.display(), folder.path().display());
    let output = text(&sandboxed(shell(&line), &[&shown]).run().unwrap());
    assert!(output.starts_with("a question") && output.ends_with("shown"), "{output}");
    assert!(output.contains("No such file") && !output.contains("solution"), "{output}");
}

#[test]
fn a_shown_file_cannot_be_changed() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "as it was").unwrap();
    fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o777)).unwrap();
    fs::set_permissions(folder.path().join("file"), PermissionsExt::from_mode(0o666)).unwrap();
    let line = "cd $0; echo more > file; touch new; rm file; mv file other; chmod 600 file; \
                ln -s x link; mkfifo pipe; touch /usr/new /etc/new /new; ls";
    let launch = Command::new("sh").args(["-c", line]).args([folder.path()]);
    let output = text(&sandboxed(launch, &[folder.path()]).run().unwrap());
    assert_eq!(output.matches("Read-only file system").count(), 10, "{output}");
    assert!(output.ends_with("\nfile"), "{output}");
    assert_eq!(fs::read(folder.path().join("file")).unwrap(), b"as it was");
}

#[test]
fn the_folders_above_a_shown_file_need_no_permissions() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o700)).unwrap();
    let inner = folder.path().join("a/b");
    fs::create_dir_all(&inner).unwrap();
    fs::write(inner.join("file"), "read").unwrap();
    // This call succeeds only if the test runs as root.
    let _ = std::os::unix::fs::chown(folder.path(), Some(65_533), None);
    let launch = Command::new("cat").args([inner.join("file")]);
    assert_eq!(text(&sandboxed(launch, &[&inner]).run().unwrap()), "read");
}

#[test]
fn the_working_directory_has_links_to_its_files_and_can_be_written() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a file"), "read").unwrap();
    fs::create_dir(folder.path().join("src")).unwrap();
    fs::write(folder.path().join("src/more"), " more").unwrap();
    let launch = shell("cat 'a file' src/more; echo ' written' > new; cat new");
    let launch = launch.current_dir(folder.path());
    let output = text(&sandboxed(launch, &[folder.path()]).run().unwrap());
    assert_eq!(output, "read more written");
    assert!(!folder.path().join("new").exists());
}

#[test]
fn a_folder_that_is_not_shown_cannot_be_the_working_directory() {
    let launch = shell("ls").current_dir(env!("CARGO_MANIFEST_DIR"));
    let refused = sandboxed(launch, &[]).run().unwrap_err();
    assert!(matches!(refused, LaunchError::NoDirectory { .. }), "{refused}");
}

#[test]
fn a_path_that_cannot_be_shown_is_refused() {
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
fn a_path_can_be_shown_twice() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "once").unwrap();
    let file = folder.path().join("file");
    let visible = [file.as_path(), folder.path(), Path::new("/usr/bin"), Path::new("/usr"), &file];
    let launch = Command::new("cat").args([&file]);
    assert_eq!(text(&sandboxed(launch, &visible).run().unwrap()), "once");
}

#[test]
fn a_path_with_dots_means_the_same_inside_and_outside() {
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
fn the_program_sees_its_own_processes_and_no_others() {
    let line = "cat /proc/[0-9]*/comm | grep -vE '^(sh|cat|grep)$'; kill -9 1; echo still here";
    assert_eq!(output_of(line), "still here");
}

#[test]
fn the_first_process_is_hidden_from_the_program() {
    let output =
        output_of("for it in cmdline environ fd maps mem cwd/x; do cat /proc/1/$it; done 2>&1");
    assert_eq!(output.matches("No such file").count(), 6, "{output}");
    assert_eq!(output_of("cat /proc/sys/user/max_user_namespaces"), "0");
}

#[test]
fn the_environment_has_only_the_documented_variables() {
    let output = text(&sandboxed(Command::new("env").env("PORT", "7000"), &[]).run().unwrap());
    let mut lines: Vec<_> = output.lines().collect();
    lines.sort_unstable();
    let path = "PATH=/usr/local/bin:/usr/bin:/bin";
    assert_eq!(lines, ["HOME=/work", "LANG=C.UTF-8", path, "PORT=7000", "TERM=dumb"]);
    let without = Command::new("env").env_remove("HOME");
    assert!(!text(&sandboxed(without, &[]).run().unwrap()).contains("HOME"));
}

#[test]
fn the_standard_streams_can_be_opened_by_name() {
    assert_eq!(
        output_of("echo one > /dev/stdout; echo two > /dev/stderr; cat /dev/stdin"),
        "one\ntwo"
    );
}

#[test]
fn the_program_has_only_harmless_devices() {
    let output = output_of(
        "cd /dev; echo x > null; head -c 3 zero | wc -c; head -c 3 urandom | wc -c; \
         head -c 1 zero > full; for it in *; do test -b $it && echo block; done; ls | xargs",
    );
    assert!(output.starts_with("3\n3\n") && output.contains("No space left"), "{output}");
    assert!(
        output.ends_with("fd full null random shm stderr stdin stdout urandom zero"),
        "{output}"
    );
}

#[test]
fn names_are_looked_up_without_a_network() {
    assert_eq!(output_of("getent hosts localhost | head -1; id -un").lines().count(), 2);
}

#[test]
fn without_namespaces_the_working_directory_is_a_folder_of_this_machine() {
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

#[test]
fn hidden_files_and_folders_of_the_system_cannot_be_used() {
    let hidden = ["/usr/bin/env", "/usr/include"].map(PathBuf::from).to_vec();
    let levels = IsolationLevel::ALL.into_iter().filter(|it| *it != IsolationLevel::None);
    for level in levels.filter(|level| level.refusal_for_untrusted().is_none()) {
        let policy = SandboxPolicy { hidden: hidden.clone(), ..SandboxPolicy::default() };
        let line = "cat /usr/bin/env >copy || echo no copy; env true || echo not run; \
                    cat /usr/include/stdio.h >list || echo no header; ls /usr/bin/sh && cat /etc/hosts >hosts";
        let command = shell(&format!("({line}) 2>/dev/null")).isolation(level).sandboxed(policy);
        let output = text(&command.run().unwrap());
        assert_eq!(output, "no copy\nnot run\nno header\n/usr/bin/sh", "{level}");
    }
}

#[test]
fn a_hidden_program_cannot_be_started() {
    let hidden = vec![PathBuf::from("/usr/bin/env")];
    let policy = SandboxPolicy { hidden, ..SandboxPolicy::default() };
    let started = Command::new("/bin/env").sandboxed(policy).run();
    assert!(matches!(started, Err(sandbox::LaunchError::NotShown { .. })), "{started:?}");
}

#[test]
fn paths_that_every_program_sees_are_known() {
    for path in ["/usr/share/course", "/bin", "/lib/x", "/etc/hosts"] {
        assert!(sandbox::is_always_visible(Path::new(path)), "{path}");
    }
    for path in ["/", "/home/ada", "/srv", "/usrx", "/etc", "/tmp"] {
        assert!(!sandbox::is_always_visible(Path::new(path)), "{path}");
    }
}
