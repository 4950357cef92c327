#!/usr/bin/env python3
"""Prints much text between the log lines of a tracker, and often writes only a part of a line.

While the server waits, its last line is unfinished. Each log line begins on a new line.
"""

import errno
import os
import select
import socket
import sys
import time

TEXTS = ["Καλημέρα, κόσμε", "naïve façade", "ждём клиентов", "接続を待っています", "🧦 proof"]


class Output:
    """Standard output, with partial lines that are finished later."""

    def __init__(self):
        self.unfinished = False
        self.count = 0

    def partial_line(self, text):
        """Writes a part of a line. Only some parts are flushed; the others wait in the buffer."""
        sys.stdout.write(f"{text} ")
        if self.count % 2 == 0:
            sys.stdout.flush()
        self.unfinished = True

    def line(self, text):
        if self.unfinished:
            sys.stdout.write("… there it is\n")
            self.unfinished = False
        print(text)

    def extra_lines(self, about):
        self.line(f"({self.count}) {TEXTS[self.count % len(TEXTS)]}")
        self.line(f"  about {about}: [ACCEPT] and [REJECT] are only words here, fd=99 slot=99")
        self.line("")
        self.count += 1


def whole_number(name, default, ceiling):
    text = os.environ.get(name, f"{default}")
    allowed = {f"{number}" for number in range(1, ceiling + 1)}
    if text not in allowed:
        sys.exit(f"{name}={text}: needs a number between 1 and {ceiling}")
    return int(text)


def has_left(client):
    try:
        return not client.recv(512)
    except (BlockingIOError, InterruptedError):
        return False
    except OSError:
        return True


class Tracker:
    """The clients by slot, and the slots by descriptor."""

    def __init__(self, listener, capacity, output):
        self.listener, self.capacity, self.output = listener, capacity, output
        self.by_slot, self.slot_of = {}, {}
        self.watch = select.poll()
        self.watch.register(listener, select.POLLIN)

    def turn(self):
        self.output.partial_line("waiting for someone")
        for fd, _ in self.watch.poll():
            self.output.extra_lines(f"descriptor {fd}")
            if fd in self.slot_of:
                self.read(fd)
            else:
                self.add_client()

    def add_client(self):
        try:
            client, (host, port) = self.listener.accept()
        except OSError as error:
            self.output.line(f"no client after all: {error}")
            time.sleep(0.05 if error.errno == errno.EMFILE else 0)
            return
        if len(self.by_slot) == self.capacity:
            client.close()
            self.output.line(f"[REJECT] at capacity ({self.capacity}/{self.capacity})")
            return
        client.setblocking(False)
        slot = next(n for n in range(self.capacity) if n not in self.by_slot)
        self.by_slot[slot], self.slot_of[client.fileno()] = client, slot
        self.watch.register(client, select.POLLIN)
        self.output.line(f"[ACCEPT] fd={client.fileno()} slot={slot} peer={host}:{port}")

    def read(self, fd):
        slot = self.slot_of[fd]
        if not has_left(self.by_slot[slot]):
            self.output.partial_line(f"slot {slot} speaks, and")
            return
        self.watch.unregister(fd)
        self.by_slot.pop(slot).close()
        del self.slot_of[fd]
        self.output.line(f"[DISCONNECT] fd={fd} slot={slot} mood=sad")


def main():
    port = whole_number("PORT", 7000, 65535)
    capacity = whole_number("MAX_CLIENTS", 64, 10000)
    sys.stdout.reconfigure(encoding="utf-8")
    try:
        listener = socket.create_server(("", port))
    except OSError as error:
        sys.exit(f"PORT={port}: {os.strerror(error.errno)}")
    listener.setblocking(False)
    output = Output()
    output.extra_lines("the weather")
    output.line(f"[START] active=0/{capacity}")
    tracker = Tracker(listener, capacity, output)
    while True:
        tracker.turn()


main()
