//! The descriptors of a server, as sets that can be compared.

use std::collections::BTreeSet;
use witness::{Server, Target, Unobservable};

/// The inodes of the server's sockets.
pub(crate) fn socket_inodes(server: &Server) -> Result<BTreeSet<u64>, Unobservable> {
    let open = server.descriptors()?;
    Ok(open
        .into_iter()
        .filter_map(|it| if let Target::Socket(inode) = it.target { Some(inode) } else { None })
        .collect())
}
