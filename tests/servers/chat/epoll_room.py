#!/usr/bin/env python3
"""A chat room that uses select.epoll with edge-triggered entries. Each entry is for input and output
from the start. The room reads until no byte is left. A last line without a newline is dropped."""

import select

from room import Room, main

EDGE = select.EPOLLIN | select.EPOLLOUT | select.EPOLLRDHUP | select.EPOLLET


class EpollRoom(Room):
    """A room that serves its members first, and accepts a client after them."""

    passes_on_rest = False

    def watch_listener(self):
        self.epoll = select.epoll()
        self.epoll.register(self.listener, select.EPOLLIN)

    def watch(self, member):
        self.epoll.register(member.sock, EDGE)

    def forget(self, member):
        self.epoll.unregister(member.sock)

    def run(self):
        while True:
            events = self.epoll.poll()
            for fd, _ in events:
                if fd in self.members:
                    self.serve(self.members[fd])
            if any(fd == self.listener.fileno() for fd, _ in events):
                self.accept()

    def serve(self, member):
        self.flush(member)
        while self.is_here(member) and self.read(member):
            pass


main(EpollRoom)
