#!/usr/bin/env python3
"""A chat room that uses select.poll. A last line without a newline is passed on with one. A member
whose line is too long is told so, and then closed."""

import errno
import os
import select
import socket
import sys

MAX_LINE = 65536
MAX_QUEUED = 200_000


class Member:
    """A member of the room: what it has sent, and what it must still receive."""

    def __init__(self, sock, slot):
        self.sock = sock
        self.fd = sock.fileno()
        self.slot = slot
        self.line = bytearray()
        self.queued = bytearray()


class Room:
    """The members are in a dictionary from descriptor to member. The free slots are a stack."""

    def __init__(self, port, capacity):
        self.capacity = capacity
        self.free_slots = list(reversed(range(capacity)))
        self.members = {}
        self.spare = open(os.devnull, "rb")
        self.listener = socket.create_server(("", port), backlog=100)
        self.listener.setblocking(False)
        self.poller = select.poll()
        self.poller.register(self.listener, select.POLLIN)

    def run(self):
        print(f"[START] active=0/{self.capacity}")
        while True:
            for fd, events in self.poller.poll():
                if fd == self.listener.fileno():
                    self.accept()
                elif fd in self.members:
                    self.serve(self.members[fd], events)

    def accept(self):
        try:
            sock, _ = self.listener.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                self.reject_by_spare()
            return
        if not self.free_slots:
            print(f"[REJECT] at capacity ({len(self.members)}/{self.capacity})")
            sock.close()
            return
        sock.setblocking(False)
        member = Member(sock, self.free_slots.pop())
        self.poller.register(sock, select.POLLIN)
        self.members[member.fd] = member
        print(f"[ACCEPT] fd={member.fd} slot={member.slot}")
        self.tell_others(member, b"user %d joined the chat room\n" % member.fd)

    def reject_by_spare(self):
        self.spare.close()
        try:
            self.listener.accept()[0].close()
        except OSError:
            pass
        self.spare = open(os.devnull, "rb")

    def serve(self, member, events):
        if events & select.POLLOUT:
            self.flush(member)
        if events & ~select.POLLOUT and member.fd in self.members:
            self.read(member)

    def read(self, member):
        try:
            received = member.sock.recv(32768)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            return self.remove(member)
        if not received:
            if member.line:
                self.say(member, bytes(member.line) + b"\n")
            return self.remove(member)
        *lines, rest = (member.line + received).split(b"\n")
        for line in lines:
            if len(line) < MAX_LINE:
                self.say(member, bytes(line) + b"\n")
            else:
                return self.refuse(member)
        member.line = rest
        if len(rest) >= MAX_LINE:
            self.refuse(member)

    def refuse(self, member):
        self.tell(member, b"*** a line has at most %d bytes\n" % MAX_LINE)
        if member.fd in self.members:
            self.remove(member)

    def say(self, member, line):
        self.tell_others(member, b"user %d: %b" % (member.fd, line))

    def tell_others(self, about, message):
        for member in list(self.members.values()):
            if member is not about and self.members.get(member.fd) is member:
                self.tell(member, message)

    def tell(self, member, message):
        member.queued += message
        self.flush(member)

    def flush(self, member):
        try:
            del member.queued[: member.sock.send(member.queued)]
        except (BlockingIOError, InterruptedError):
            pass
        except OSError:
            return self.remove(member)
        if len(member.queued) > MAX_QUEUED:
            return self.remove(member)
        events = select.POLLIN | (select.POLLOUT if member.queued else 0)
        self.poller.modify(member.sock, events)

    def remove(self, member):
        self.poller.unregister(member.sock)
        del self.members[member.fd]
        self.free_slots.append(member.slot)
        member.sock.close()
        print(f"[DISCONNECT] fd={member.fd} slot={member.slot}")
        self.tell_others(member, b"user %d disconnected\n" % member.fd)


def setting(name, default, most):
    text = os.environ.get(name, str(default))
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
        sys.exit(f"{name}={text}: give a whole number from 1 to {most}")
    return int(text)


def main():
    port, capacity = setting("PORT", 9040, 65535), setting("MAX_CLIENTS", 256, 100_000)
    try:
        room = Room(port, capacity)
    except OSError as error:
        sys.exit(f"PORT={port}: cannot listen: {error.strerror}")
    room.run()


main()
