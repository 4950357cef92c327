//! Launches a network server and asks the kernel what it does.
