//! What an untrusted program can do in a sandbox, and what it cannot.

mod ordinary_user;
mod policy;
mod programs;
