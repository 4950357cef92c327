//! System paths that every program needs.

/// The folders of the system's programs and libraries.
pub(crate) const PROGRAMS: [&str; 7] =
    ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];
