//! What the witness says of real servers, right and wrong, in C and in Python.

mod busy;
mod ending;
mod family;
mod faults;
mod launching;
mod leaving;
mod logging;
mod ordinary_user;
mod programs;
mod restart;
mod sandboxed;
mod seeing;
mod untrusted;
mod waiting;
