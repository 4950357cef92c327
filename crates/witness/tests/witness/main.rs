//! What the witness says of real servers, right and wrong, in C and in Python.

mod again;
mod busy;
mod confined;
mod ending;
mod family;
mod faults;
mod launching;
mod leaving;
mod logging;
mod programs;
mod seeing;
mod strangers;
mod waiting;
