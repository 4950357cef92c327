#!/usr/bin/env python3
"""A chat room that uses select.poll. A last line without a newline is passed on with one."""

import select

from room import Room, main


class PollRoom(Room):
    """A room whose entries ask for output while output is queued."""

    def watch_listener(self):
        self.poller = select.poll()
        self.poller.register(self.listener, select.POLLIN)

    def watch(self, member):
        self.poller.register(member.sock, select.POLLIN)

    def want_output(self, member):
        events = select.POLLIN | (select.POLLOUT if member.queued else 0)
        self.poller.modify(member.sock, events)

    def forget(self, member):
        self.poller.unregister(member.sock)

    def run(self):
        while True:
            for fd, events in self.poller.poll():
                if fd == self.listener.fileno():
                    self.accept()
                elif fd in self.members:
                    self.serve(self.members[fd], events)

    def serve(self, member, events):
        if events & select.POLLOUT:
            self.flush(member)
        if events & ~select.POLLOUT and self.is_here(member):
            self.read(member)


main(PollRoom)
