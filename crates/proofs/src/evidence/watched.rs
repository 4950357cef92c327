//! The tables of the descriptors that a server waits for.

use super::open_files::OpenFiles;
use course::report::{Row, Table};
use witness::{Descriptor, EpollEntry, PollEntry, Target};

impl OpenFiles<'_> {
    /// The table of the `pollfd` array. If the server is busy, the table also shows the events that
    /// poll has reported. `noun` is what the program is: `server` or `client`.
    pub(super) fn poll_array(&self, watched: &[PollEntry], is_busy: bool, noun: &str) -> Table {
        let rows = watched.iter().enumerate().map(|(index, entry)| {
            let wakes_server = is_busy && entry.revents != 0;
            let wrong = entry.fd >= 0 && wakes_server || self.is_misplaced(entry, watched);
            let reported =
                if wakes_server { format!(" → {}", entry.revents()) } else { String::new() };
            let position = format!("[{index}]");
            let text = format!("{position:<4} {:<3} {}{reported}", entry.fd, entry.events());
            Row { wrong, text }
        });
        let reports = if is_busy { " → poll reports" } else { "" };
        Table { title: format!("the {noun} asks poll for{reports}"), rows: rows.collect() }
    }

    /// Whether an entry of the array is there twice, or the server has no reason to wait for it.
    pub(super) fn is_misplaced(&self, entry: &PollEntry, watched: &[PollEntry]) -> bool {
        let is_repeated = watched.iter().filter(|other| other.fd == entry.fd).count() > 1;
        entry.fd >= 0 && (is_repeated || !self.may_be_watched(entry.fd))
    }

    /// Whether an entry of the interest list is there twice, refers to a file that the descriptor
    /// does not refer to any more, or has no reason.
    pub(super) fn is_misregistered(
        &self,
        entry: &EpollEntry,
        list: &[EpollEntry],
        descriptors: &[Descriptor],
    ) -> bool {
        let target = descriptors.iter().find(|it| it.fd == entry.fd).map(|it| &it.target);
        let is_repeated = || list.iter().filter(|it| it.inode == entry.inode).count() > 1;
        let is_wrong_socket = match target {
            Some(Target::Socket(inode)) => *inode != entry.inode || is_repeated(),
            _ => false,
        };
        is_wrong_socket || !self.may_be_watched(entry.fd)
    }

    /// The table of the epoll interest list. If the server is busy, the table also shows the events
    /// that epoll_wait reports again and again.
    pub(super) fn interest_list(
        &self,
        list: &[EpollEntry],
        descriptors: &[Descriptor],
        reported: &[(u32, u64)],
    ) -> Table {
        let has_data = |data: u64| list.iter().filter(|entry| entry.data == data).count();
        let rows = list.iter().map(|entry| {
            let is_unique = has_data(entry.data) == 1;
            let event = reported.iter().find(|(_, data)| is_unique && *data == entry.data);
            let events = event.map_or(String::new(), |(events, _)| {
                format!(" → {}", EpollEntry::reported(*events))
            });
            let wrong = event.is_some() || self.is_misregistered(entry, list, descriptors);
            Row { wrong, text: format!("{:<3} {}{events}", entry.fd, entry.events()) }
        });
        let title = match reported {
            [] => "the interest list",
            _ => "the interest list → epoll reports",
        };
        // epoll_wait returns the data that the server has set, and no descriptor (epoll_ctl(2)).
        let unclear = reported.iter().filter(|(_, data)| has_data(*data) != 1);
        let unclear = unclear.take(MAX_UNCLEAR).map(|(events, data)| {
            let owners = match has_data(*data) {
                0 => "no entry has".to_owned(),
                count => format!("{count} entries have"),
            };
            let names = EpollEntry::reported(*events);
            Row { wrong: true, text: format!("data {data} → {names}; {owners} this data") }
        });
        Table { title: title.to_owned(), rows: rows.chain(unclear).collect() }
    }
}

/// The maximum number of events that are shown without an entry.
const MAX_UNCLEAR: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(data: [u64; 2], reported: (u32, u64)) -> Vec<String> {
        let files = OpenFiles { files: Vec::new() };
        let entry = |(fd, data)| EpollEntry { fd, events: 1, data, inode: fd as u64 };
        let list = [(3, data[0]), (4, data[1])].map(entry);
        let table = files.interest_list(&list, &[], &[reported]);
        table.rows.into_iter().map(|row| row.text).collect()
    }

    #[test]
    fn an_event_stands_beside_the_entry_that_has_its_data() {
        assert_eq!(rows([7, 8], (17, 8)), ["3   EPOLLIN", "4   EPOLLIN → EPOLLIN|EPOLLHUP"]);
    }

    #[test]
    fn an_event_whose_data_several_entries_have_stands_beside_none() {
        let last = |data, reported| rows(data, reported).pop().unwrap();
        assert_eq!(last([0, 0], (1, 0)), "data 0 → EPOLLIN; 2 entries have this data");
        assert_eq!(last([0, 1], (16, 9)), "data 9 → EPOLLHUP; no entry has this data");
    }
}
