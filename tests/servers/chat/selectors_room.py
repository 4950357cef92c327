#!/usr/bin/env python3
"""A chat room that uses selectors.DefaultSelector, which is epoll on Linux. The data of an entry is the
function that handles its events. Entries are level-triggered, and change when output is queued."""

import functools
import selectors

from room import Room, main


class SelectorRoom(Room):
    """A room that modifies an entry only if its events change."""

    def watch_listener(self):
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ, lambda _: self.accept())

    def watch(self, member):
        serve = functools.partial(self.serve, member)
        self.selector.register(member.sock, selectors.EVENT_READ, serve)

    def want_output(self, member):
        key = self.selector.get_key(member.sock)
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if member.queued else 0)
        if events != key.events:
            self.selector.modify(member.sock, events, key.data)

    def forget(self, member):
        self.selector.unregister(member.sock)

    def run(self):
        while True:
            for key, events in self.selector.select():
                key.data(events)

    def serve(self, member, events):
        # The member may have been removed in this batch of events.
        if events & selectors.EVENT_WRITE and self.is_here(member):
            self.flush(member)
        if events & selectors.EVENT_READ and self.is_here(member):
            self.read(member)


main(SelectorRoom)
