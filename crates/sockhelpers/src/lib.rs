//! The socket calls that every lesson starts from.
