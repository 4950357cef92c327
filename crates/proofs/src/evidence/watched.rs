//! The tables of the descriptors that a server waits for.

use super::open_files::OpenFiles;
use course::report::{Row, Table};
use witness::{Descriptor, EpollEntry, PollEntry, Target};

impl OpenFiles<'_> {
    /// The table of the `pollfd` array. If the server is busy, the table also shows the events that
    /// poll has reported.
    pub(super) fn poll_array(&self, watched: &[PollEntry], is_busy: bool) -> Table {
        let rows = watched.iter().enumerate().map(|(index, entry)| {
            let is_repeated = watched.iter().filter(|other| other.fd == entry.fd).count() > 1;
            let wakes_server = is_busy && entry.revents != 0;
            let is_misplaced = is_repeated || !self.may_be_watched(entry.fd);
            let wrong = entry.fd >= 0 && (wakes_server || is_misplaced);
            let reported =
                if wakes_server { format!(" → {}", entry.revents()) } else { String::new() };
            let position = format!("[{index}]");
            let text = format!("{position:<5}{:<4}{}{reported}", entry.fd, entry.events());
            Row { wrong, text }
        });
        let title = if is_busy {
            "the server asks poll for → poll reports"
        } else {
            "the server asks poll for"
        };
        Table { title: title.to_owned(), rows: rows.collect() }
    }

    /// The table of the epoll interest list. If the server is busy, the table also shows the events
    /// that epoll_wait reports again and again.
    pub(super) fn interest_list(
        &self,
        list: &[EpollEntry],
        descriptors: &[Descriptor],
        reported: &[(u32, u64)],
    ) -> Table {
        let rows = list.iter().map(|entry| {
            let target = descriptors.iter().find(|it| it.fd == entry.fd).map(|it| &it.target);
            let is_repeated = match target {
                Some(Target::Socket(_)) => {
                    list.iter().filter(|it| it.inode == entry.inode).count() > 1
                }
                _ => false,
            };
            let is_other_file =
                matches!(target, Some(Target::Socket(inode)) if *inode != entry.inode);
            let event = reported.iter().find(|(_, data)| *data == entry.data);
            let events = event.map_or(String::new(), |(events, _)| {
                format!(" → {}", EpollEntry { events: *events, ..*entry }.events())
            });
            let wrong =
                event.is_some() || is_other_file || is_repeated || !self.may_be_watched(entry.fd);
            Row { wrong, text: format!("{:<4}{}{events}", entry.fd, entry.events()) }
        });
        let title = match reported {
            [] => "the interest list",
            _ => "the interest list → epoll reports",
        };
        Table { title: title.to_owned(), rows: rows.collect() }
    }
}
