//! What every program needs of the system.

/// Where the system's programs and libraries lie.
pub(crate) const PROGRAMS: [&str; 7] =
    ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];
