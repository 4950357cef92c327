//! Why a sandbox cannot be built here, and what to do about it.

use std::fs;
use std::io;
use std::path::Path;

/// A refused step of building a sandbox, the kernel's error, and what to do about it.
pub(crate) fn explain(step: &str, error: &io::Error) -> String {
    format!("{step}: {error}; {}", remedy(step, error, Path::new("/proc/sys")))
}

/// What to do. `sysctls` is the folder that sysctl(8) reads.
fn remedy(step: &str, error: &io::Error, sysctls: &Path) -> String {
    let is = |name: &str, value: &str| {
        let text = fs::read_to_string(sysctls.join(name));
        text.is_ok_and(|text| text.trim() == value)
    };
    match error.raw_os_error() {
        Some(libc::EPERM) if is("kernel/unprivileged_userns_clone", "0") => {
            "user namespaces are for root alone here; as root: \
             sysctl -w kernel.unprivileged_userns_clone=1"
                .to_owned()
        }
        Some(libc::ENOSPC | libc::EUSERS) => {
            "there are no more namespaces to be had; as root, raise \
             /proc/sys/user/max_user_namespaces (and its neighbours), and \
             leave a nested sandbox if this is one"
                .to_owned()
        }
        Some(libc::EPERM | libc::EACCES)
            if step != "clone(2)" && is("kernel/apparmor_restrict_unprivileged_userns", "1") =>
        {
            apparmor()
        }
        Some(libc::EPERM) if step == "clone(2)" => {
            "the container's seccomp profile refuses namespaces; start it with \
             docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined \
             --security-opt systempaths=unconfined, or in Kubernetes with \
             seccompProfile: Unconfined and procMount: Unmasked"
                .to_owned()
        }
        Some(libc::EPERM) if step.contains("/proc") || step.contains("proc(5)") => {
            "parts of /proc are masked, as containers have it; start this one with \
             docker run --security-opt systempaths=unconfined, or in Kubernetes with \
             procMount: Unmasked"
                .to_owned()
        }
        Some(libc::EPERM | libc::EACCES) => {
            "a security module refuses it (AppArmor, SELinux); its reason is in the kernel's log: \
             dmesg"
                .to_owned()
        }
        Some(libc::EINVAL | libc::ENOSYS) => {
            "this kernel was built without such namespaces".to_owned()
        }
        _ => "namespaces are not available".to_owned(),
    }
}

/// An AppArmor profile that lets this program make user namespaces (apparmor.d(5), userns).
fn apparmor() -> String {
    let program = std::env::current_exe().unwrap_or_else(|_| "/path/to/the/program".into());
    format!(
        "AppArmor keeps user namespaces from programs without a profile; as root, write this to \
         /etc/apparmor.d/sockproof and run apparmor_parser -r on it:\n\
         abi <abi/4.0>,\n\
         profile sockproof {:?} flags=(unconfined) {{ userns, }}",
        program.display().to_string()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The remedy on a machine with these sysctls.
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
    fn a_container_is_told_how_to_start() {
        assert!(on(&[], "clone(2)", libc::EPERM).contains("seccomp=unconfined"));
        let told = on(&[], "mounting a fresh /proc (proc(5))", libc::EPERM);
        assert!(told.contains("systempaths=unconfined"));
    }
}
