"""A chat room without its wait: imported by the rooms in Python. A class that inherits from `Room`
says how the room waits."""

import errno
import os
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
    """The members are in a dictionary from descriptor to member. The free slots are a stack. A member
    whose line is too long is told so, and then closed."""

    passes_on_rest = True  # a last line without a newline

    def __init__(self, port, capacity):
        self.capacity = capacity
        self.free_slots = list(reversed(range(capacity)))
        self.members = {}
        self.spare = open(os.devnull, "rb")
        self.listener = socket.create_server(("", port), backlog=100)
        self.listener.setblocking(False)
        self.watch_listener()

    def watch_listener(self):
        raise NotImplementedError

    def watch(self, member):
        """Begins to wait for input from a member."""
        raise NotImplementedError

    def want_output(self, member):
        """Waits for room for output if and only if output is queued."""

    def forget(self, member):
        """Ends the wait for a member, whose socket is open."""
        raise NotImplementedError

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
        self.watch(member)
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

    def is_here(self, member):
        return self.members.get(member.fd) is member

    def read(self, member):
        """Reads once. Returns whether more bytes may be there."""
        try:
            received = member.sock.recv(32768)
        except (BlockingIOError, InterruptedError):
            return False
        except OSError:
            self.remove(member)
            return False
        if received:
            self.take_lines(member, received)
            return True
        if member.line and self.passes_on_rest:
            self.say(member, bytes(member.line) + b"\n")
        self.remove(member)
        return False

    def take_lines(self, member, received):
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
        if self.is_here(member):
            self.remove(member)

    def say(self, member, line):
        self.tell_others(member, b"user %d: %b" % (member.fd, line))

    def tell_others(self, about, message):
        for member in list(self.members.values()):
            if member is not about and self.is_here(member):
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
        self.want_output(member)

    def remove(self, member):
        if not self.is_here(member):
            return
        self.forget(member)
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


def main(kind):
    """Runs a room of this class."""
    port, capacity = setting("PORT", 9040, 65535), setting("MAX_CLIENTS", 256, 100_000)
    try:
        room = kind(port, capacity)
    except OSError as error:
        sys.exit(f"PORT={port}: cannot listen: {error.strerror}")
    print(f"[START] active=0/{capacity}")
    room.run()
