//! What keeps a program apart from this machine, and this machine from it.
//!
//! [`tier`] says how far apart that can be here, [`confine`] what a program that nobody vouches for
//! gets of the machine, and [`quarters`] gives it that for one run. The other rooms each hold one
//! means of the kernel's: namespaces ([`init`]), mounts ([`view`]), control groups, Landlock,
//! refused system calls.

pub(crate) mod cgroup;
pub(crate) mod confine;
pub(crate) mod control;
pub(crate) mod error;
pub(crate) mod inhabitant;
pub(crate) mod init;
pub(crate) mod landlock;
mod lodger;
mod lodging;
mod mark;
pub(crate) mod quarters;
pub(crate) mod refused;
mod system;
pub(crate) mod tier;
mod tree;
pub(crate) mod view;
mod watchdog;
