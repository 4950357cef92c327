//! How a client ends its side of the connection.

use super::{Client, ClosedBy};
use crate::recording::{ClientAct, ClientRecord};
use nix::sys::socket::{Shutdown, setsockopt, shutdown, sockopt};
use std::os::fd::AsRawFd;

impl Client {
    /// Shuts down the sending side of the connection. The server reads an end of file, and can
    /// still send an answer.
    pub fn half_close(&self) {
        let mut state = self.state();
        let begun = self.record().map(ClientRecord::now).unwrap_or_default();
        if let Some(socket) = &state.socket
            && shutdown(socket.as_raw_fd(), Shutdown::Write).is_ok()
        {
            state.closed_by = Some(ClosedBy::Fin);
            self.record().into_iter().for_each(|it| it.add(begun, ClientAct::HalfClosed));
        }
    }

    /// Closes the connection with a FIN. The client first reads all bytes that have arrived. If
    /// unread bytes remained, the kernel would send a RST instead of a FIN.
    pub fn close(&self) {
        self.read();
        let mut state = self.state();
        if let Some(socket) = state.socket.take() {
            self.note(ClientAct::Closed);
            drop(socket);
            state.closed_by = Some(ClosedBy::Fin);
        }
    }

    /// Closes the connection with a RST (socket(7), SO_LINGER with a time of 0).
    pub fn reset(&self) {
        let mut state = self.state();
        if let Some(socket) = state.socket.take() {
            let at_once = libc::linger { l_onoff: 1, l_linger: 0 };
            let _ = setsockopt(&socket, sockopt::Linger, &at_once);
            self.note(ClientAct::Reset);
            drop(socket);
            state.closed_by = Some(ClosedBy::Rst);
        }
    }
}
