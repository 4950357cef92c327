#!/usr/bin/env python3
"""Wakes up 20 times a second without any work: poll has a time-out of 50 ms.

A dictionary maps each descriptor to a function, which is called when the descriptor is ready.
"""

import errno
import os
import select
import socket
import sys

WAKEUP_MS = 50


def read_setting(name, default, limit):
    given = os.environ.get(name)
    if given is None:
        return default
    if given.isascii() and given.isdigit() and len(given) < 10 and 1 <= int(given) <= limit:
        return int(given)
    sys.exit(f"{name}={given}: expected 1 to {limit}")


class Loop:
    """Calls a handler for each ready descriptor. After a time-out, no handler is called."""

    def __init__(self):
        self.poll = select.poll()
        self.handlers = {}
        self.paused = []

    def add(self, sock, handler):
        self.handlers[sock.fileno()] = handler
        self.poll.register(sock.fileno(), select.POLLIN)

    def remove(self, sock):
        self.poll.unregister(sock.fileno())
        del self.handlers[sock.fileno()]

    def pause(self, sock):
        """Does not wait for the socket until the next time-out."""
        self.poll.unregister(sock.fileno())
        self.paused.append(sock.fileno())

    def run_forever(self):
        while True:
            ready = self.poll.poll(WAKEUP_MS)
            for fd, _ in ready:
                self.handlers[fd]()
            while not ready and self.paused:
                self.poll.register(self.paused.pop(), select.POLLIN)


class Tracker:
    """The clients and their slots."""

    def __init__(self, loop, listener, max_clients):
        self.loop, self.listener, self.max_clients = loop, listener, max_clients
        self.free = set(range(max_clients))
        loop.add(listener, self.on_listener)
        print(f"[START] active=0/{max_clients}")

    def on_listener(self):
        try:
            sock, _ = self.listener.accept()
        except OSError as error:
            if error.errno == errno.EMFILE:
                self.loop.pause(self.listener)
            return  # ECONNABORTED and EMFILE are temporary: the next call may succeed.
        if self.free:
            self.accept_client(sock)
        else:
            self.turn_away(sock)

    def accept_client(self, sock):
        slot = min(self.free)
        self.free.remove(slot)
        sock.setblocking(False)
        self.loop.add(sock, lambda: self.on_client(sock, slot))
        print(f"[ACCEPT] fd={sock.fileno()} slot={slot}")

    def turn_away(self, sock):
        sock.close()
        print(f"[REJECT] at capacity ({self.max_clients}/{self.max_clients})")

    def on_client(self, sock, slot):
        try:
            data = sock.recv(1024)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            self.see_off(sock, slot)

    def see_off(self, sock, slot):
        fd = sock.fileno()
        self.loop.remove(sock)
        sock.close()
        self.free.add(slot)
        print(f"[DISCONNECT] fd={fd} slot={slot}")


port = read_setting("PORT", 7000, 65535)
clients = read_setting("MAX_CLIENTS", 64, 10000)
try:
    listener = socket.create_server(("", port))
    listener.setblocking(False)
except OSError as refusal:
    sys.exit(f"PORT={port}: {os.strerror(refusal.errno)}")
main_loop = Loop()
Tracker(main_loop, listener, clients)
main_loop.run_forever()
