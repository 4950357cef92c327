//! Explains why a sandbox cannot be built on this machine, and how to fix the cause.

use std::fs;
use std::io;
use std::path::Path;

/// A sentence with the refused step of building a sandbox, the kernel's error, and how to fix the
/// cause.
pub(crate) fn explain(step: &str, error: &io::Error) -> String {
    format!("{step}: {error}; {}", remedy(step, error, Path::new("/proc/sys")))
}

/// How to fix the cause of the error. `sysctls` is the folder that sysctl(8) reads.
fn remedy(step: &str, error: &io::Error, sysctls: &Path) -> String {
    let is = |name: &str, value: &str| {
        let text = fs::read_to_string(sysctls.join(name));
        text.is_ok_and(|text| text.trim() == value)
    };
    match error.raw_os_error() {
        Some(libc::EPERM) if is("kernel/unprivileged_userns_clone", "0") => {
            "only root may make user namespaces here; as root, run: \
             sysctl -w kernel.unprivileged_userns_clone=1"
                .to_owned()
        }
        Some(libc::ENOSPC | libc::EUSERS) => "no more namespaces can be made; as root, raise \
             /proc/sys/user/max_user_namespaces (and the other limits in that folder), \
             or leave the sandbox that this program runs in"
            .to_owned(),
        Some(libc::EPERM | libc::EACCES)
            if step != "clone(2)" && is("kernel/apparmor_restrict_unprivileged_userns", "1") =>
        {
            apparmor()
        }
        Some(libc::EPERM) if step == "clone(2)" => {
            "the container's seccomp profile refuses namespaces; start the container with \
             docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined \
             --security-opt systempaths=unconfined, or in Kubernetes with \
             seccompProfile: Unconfined and procMount: Unmasked"
                .to_owned()
        }
        Some(libc::EPERM) if step.contains("/proc") || step.contains("proc(5)") => {
            "parts of /proc are masked, as in most containers; start this container with \
             docker run --security-opt systempaths=unconfined, or in Kubernetes with \
             procMount: Unmasked"
                .to_owned()
        }
        Some(libc::EPERM | libc::EACCES) => {
            "a security module refuses this step (AppArmor, SELinux); dmesg(1) prints its reason \
             from the kernel's log"
                .to_owned()
        }
        Some(libc::EINVAL | libc::ENOSYS) => {
            "this kernel was built without such namespaces".to_owned()
        }
        _ => "namespaces are not available".to_owned(),
    }
}

/// An AppArmor profile that allows this program to create user namespaces (apparmor.d(5), userns).
fn apparmor() -> String {
    let program = std::env::current_exe().unwrap_or_else(|_| "/path/to/the/program".into());
    let name = program.file_name().unwrap_or_default().display();
    format!(
        "AppArmor refuses user namespaces to programs without a profile; as root, write these \
         lines to /etc/apparmor.d/{name} and run apparmor_parser -r on that file:\n\
         abi <abi/4.0>,\n\
         profile {name} {:?} flags=(unconfined) {{ userns, }}",
        program.display().to_string()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The result of [`remedy`] on a machine with these sysctls.
    fn on(sysctls: &[(&str, &str)], step: &str, errno: i32) -> String {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("kernel")).unwrap();
        for (name, value) in sysctls {
            fs::write(folder.path().join(name), format!("{value}\n")).unwrap();
        }
        remedy(step, &io::Error::from_raw_os_error(errno), folder.path())
    }

    #[test]
    fn a_refusal_names_the_sysctl_that_is_set() {
        let debian = [("kernel/unprivileged_userns_clone", "0")];
        assert!(on(&debian, "clone(2)", libc::EPERM).contains("unprivileged_userns_clone=1"));
        let ubuntu = [("kernel/apparmor_restrict_unprivileged_userns", "1")];
        let told = on(&ubuntu, "mapping the user (user_namespaces(7))", libc::EACCES);
        let program = std::env::current_exe().unwrap().display().to_string();
        assert!(told.contains("userns,") && told.contains(&program), "{told}");
        assert!(on(&[], "clone(2)", libc::ENOSPC).contains("max_user_namespaces"));
    }

    #[test]
    fn a_refusal_in_a_container_names_the_option_that_permits_it() {
        assert!(on(&[], "clone(2)", libc::EPERM).contains("seccomp=unconfined"));
        let told = on(&[], "mounting a fresh /proc (proc(5))", libc::EPERM);
        assert!(told.contains("systempaths=unconfined"));
    }
}
