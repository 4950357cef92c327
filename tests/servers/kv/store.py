#!/usr/bin/env python3
"""A key-value store that uses selectors. It reads once per event and writes once per reply.

While a client does not read its replies, the server does not read from this client.
"""

import os
import re
import selectors
import socket
import sys
import time

MAX_PENDING = 1 << 20  # bytes of replies that a client may leave unread
LONGEST_LINE = 1 << 16
LONGEST_STRING = 512 << 20
MAX_WORDS = 1 << 20
SMALLEST, LARGEST = -(2**63), 2**63 - 1


class Refused(Exception):
    """An error reply. After a protocol error, this reply is the last one of the connection."""


def integer(digits, smallest=SMALLEST, largest=LARGEST, what="value is not an integer"):
    if not re.fullmatch(rb"0|-?[1-9][0-9]*", digits[:21]) or len(digits) > 20:
        raise Refused(f"ERR {what}")
    if not smallest <= int(digits) <= largest:
        raise Refused(f"ERR {what}")
    return int(digits)


def parse(inbox, start):
    """The words of the command at `start`, and the index after it. None if it is incomplete."""
    line, at = take_line(inbox, start)
    if line is None:
        return None
    if not line.startswith(b"*"):
        return line.split(), at
    words = []
    for _ in range(integer(line[1:], SMALLEST, MAX_WORDS, "Protocol error: invalid length")):
        line, at = take_line(inbox, at)
        if line is None:
            return None
        if not line.startswith(b"$"):
            raise Refused("ERR Protocol error: expected '$'")
        length = integer(line[1:], 0, LONGEST_STRING, "Protocol error: invalid bulk length")
        if len(inbox) < at + length + 2:
            return None
        words.append(bytes(inbox[at : at + length]))
        at += length + 2
    return words, at


def take_line(inbox, start):
    end = inbox.find(b"\n", start, start + LONGEST_LINE)
    if end >= 0:
        return bytes(inbox[start:end]).removesuffix(b"\r"), end + 1
    if len(inbox) - start >= LONGEST_LINE:
        raise Refused("ERR Protocol error: too big inline request")
    return None, start


def reply(value):
    """Encodes a value in RESP2: None, True for OK, int, str for a status, bytes, list, Refused."""
    if value is None:
        return b"$-1\r\n"
    if value is True:
        return b"+OK\r\n"
    if isinstance(value, int):
        return b":%d\r\n" % value
    if isinstance(value, str):
        return b"+%s\r\n" % value.encode()
    if isinstance(value, Refused):
        return b"-%s\r\n" % str(value).encode()
    if isinstance(value, bytes):
        return b"$%d\r\n%s\r\n" % (len(value), value)
    return b"*%d\r\n%s" % (len(value), b"".join(map(reply, value)))


def pattern(glob):
    """Translates a glob pattern to a regular expression over bytes."""
    text = re.sub(rb"\\(.)|(\*)|(\?)|\[(\^?)((?:\\.|[^\]])*)\]|(.)", translated, glob, flags=re.S)
    return re.compile(text, re.S)


def translated(part):
    quoted, star, question, negated, members, plain = part.groups()
    if star:
        return b".*"
    if question:
        return b"."
    if members is not None:
        return b"[" + negated + members + b"]" if members else b"(?!)"
    return re.escape(quoted or plain)


class Store:
    """The keys with their values, their deadlines and the clients that watch them."""

    def __init__(self):
        self.values, self.deadlines, self.watchers = {}, {}, {}

    def alive(self, key):
        if self.deadlines.get(key, float("inf")) <= time.monotonic():
            del self.values[key], self.deadlines[key]
        return key in self.values

    def touch(self, key):
        for client in self.watchers.get(key, ()):
            client.stale = True

    def put(self, key, value, keep=False):
        self.alive(key)
        self.values[key] = value
        if not keep:
            self.deadlines.pop(key, None)
        self.touch(key)

    def drop(self, key):
        if not self.alive(key):
            return 0
        del self.values[key]
        self.deadlines.pop(key, None)
        self.touch(key)
        return 1

    def get(self, key):
        return self.values[key] if self.alive(key) else None

    def set(self, key, value):
        self.put(key, value)
        return True

    def delete(self, *keys):
        return sum(map(self.drop, keys))

    def exists(self, *keys):
        return sum(map(self.alive, keys))

    def incr(self, key):
        number = integer(self.get(key) or b"0", SMALLEST, LARGEST - 1)
        self.put(key, b"%d" % (number + 1), keep=True)
        return number + 1

    def append(self, key, value):
        self.put(key, (self.get(key) or b"") + value, keep=True)
        return len(self.values[key])

    def expire(self, key, seconds):
        seconds = integer(seconds)
        if not self.alive(key):
            return 0
        if seconds <= 0:
            return self.drop(key)
        self.deadlines[key] = time.monotonic() + seconds
        self.touch(key)
        return 1

    def ttl(self, key):
        if not self.alive(key):
            return -2
        left = self.deadlines.get(key)
        return -1 if left is None else round(left - time.monotonic())

    def mget(self, *keys):
        return [self.get(key) for key in keys]

    def mset(self, *pairs):
        if len(pairs) % 2:
            raise Refused("ERR wrong number of arguments for 'mset' command")
        for key, value in zip(pairs[::2], pairs[1::2]):
            self.put(key, value)
        return True

    def keys(self, glob):
        wanted = pattern(glob)
        return [key for key in list(self.values) if self.alive(key) and wanted.fullmatch(key)]

    def dbsize(self):
        return len(self.keys(b"*"))

    def flushdb(self):
        self.delete(*list(self.values))
        return True


STORE = Store()
# The function of each command, and the minimum and maximum number of the command's words.
COMMANDS = {
    b"PING": (lambda *text: text[0] if text else "PONG", 1, 2),
    b"ECHO": (lambda text: text, 2, 2),
    b"GET": (STORE.get, 2, 2),
    b"SET": (STORE.set, 3, 3),
    b"DEL": (STORE.delete, 2, MAX_WORDS),
    b"EXISTS": (STORE.exists, 2, MAX_WORDS),
    b"INCR": (STORE.incr, 2, 2),
    b"APPEND": (STORE.append, 3, 3),
    b"EXPIRE": (STORE.expire, 3, 3),
    b"TTL": (STORE.ttl, 2, 2),
    b"MGET": (STORE.mget, 2, MAX_WORDS),
    b"MSET": (STORE.mset, 3, MAX_WORDS),
    b"KEYS": (STORE.keys, 2, 2),
    b"DBSIZE": (STORE.dbsize, 1, 1),
    b"FLUSHDB": (STORE.flushdb, 1, 2),
}
# The minimum and maximum number of words for the commands that change the state of a connection.
# These commands are methods of Client.
OWN = {
    b"AUTH": (2, 2),
    b"MULTI": (1, 1),
    b"EXEC": (1, 1),
    b"DISCARD": (1, 1),
    b"WATCH": (2, MAX_WORDS),
    b"UNWATCH": (1, 1),
}


class Client:
    """A connection with its input, its output and the state of its transaction."""

    def __init__(self, sock, password):
        self.sock, self.password = sock, password
        self.inbox, self.outbox = bytearray(), bytearray()
        self.unlocked = password is None
        self.queue, self.failed, self.stale, self.watched = None, False, False, []
        self.is_last = False

    def answer(self):
        """Runs the commands in the inbox, while the client reads its replies."""
        at = 0
        try:
            while len(self.outbox) < MAX_PENDING and (found := parse(self.inbox, at)):
                words, at = found
                if words:
                    self.send(self.run(words))
        except Refused as error:
            self.is_last = True
            self.send(error)
        del self.inbox[:at]

    def send(self, value):
        self.outbox += reply(value)
        self.flush()

    def flush(self):
        try:
            if self.outbox:
                del self.outbox[: self.sock.send(self.outbox)]
        except (BlockingIOError, InterruptedError):
            pass

    def run(self, words):
        name, arguments = words[0].upper(), words[1:]
        try:
            if not self.unlocked and name != b"AUTH":
                raise Refused("NOAUTH Authentication required.")
            fewest, most = COMMANDS[name][1:] if name in COMMANDS else OWN.get(name, (0, 0))
            if most == 0:
                raise Refused("ERR unknown command")
            if not fewest <= len(words) <= most:
                raise Refused("ERR wrong number of arguments")
            if name in OWN and not (self.queue is not None and name == b"UNWATCH"):
                return getattr(self, name.decode().lower())(*arguments)
        except Refused as error:
            if self.queue is not None and name not in (b"MULTI", b"WATCH"):
                self.failed = True
            return error
        if self.queue is not None:
            self.queue.append((name, arguments))
            return "QUEUED"
        return self.call(name, arguments)

    def call(self, name, arguments):
        try:
            return self.unwatch() if name == b"UNWATCH" else COMMANDS[name][0](*arguments)
        except Refused as error:
            return error

    def auth(self, password):
        if self.password is None:
            raise Refused("ERR AUTH called without any password configured")
        if password != self.password:
            raise Refused("WRONGPASS invalid password")
        self.unlocked = True
        return True

    def multi(self):
        if self.queue is not None:
            raise Refused("ERR MULTI calls can not be nested")
        self.queue, self.failed = [], False
        return True

    def exec(self):
        if self.queue is None:
            raise Refused("ERR EXEC without MULTI")
        queue, failed, stale = self.queue, self.failed, self.stale
        self.discard()
        if failed:
            raise Refused("EXECABORT Transaction discarded because of previous errors.")
        return None if stale else [self.call(*command) for command in queue]

    def discard(self):
        if self.queue is None:
            raise Refused("ERR DISCARD without MULTI")
        self.queue = None
        return self.unwatch()

    def watch(self, *keys):
        if self.queue is not None:
            raise Refused("ERR WATCH inside MULTI is not allowed")
        for key in keys:
            self.watched.append(key)
            STORE.watchers.setdefault(key, set()).add(self)
        return True

    def unwatch(self):
        for key in self.watched:
            STORE.watchers.get(key, set()).discard(self)
        self.watched, self.stale = [], False
        return True


class Server:
    """The listener, the number of clients, and a selector that waits for their events."""

    def __init__(self, port, max_clients, password):
        self.max_clients, self.clients, self.password = max_clients, 0, password
        self.listener = socket.create_server(("", port), backlog=511)
        self.listener.setblocking(False)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)

    def serve(self):
        while True:
            for key, _ in self.selector.select():
                if key.data is None:
                    self.accept()
                else:
                    self.go_on(key.data)

    def accept(self):
        try:
            sock, _ = self.listener.accept()
        except OSError:
            return
        if self.clients == self.max_clients:
            sock.close()
            return
        self.clients += 1
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.selector.register(sock, selectors.EVENT_READ, Client(sock, self.password))

    def go_on(self, client):
        try:
            client.flush()
            if len(client.outbox) < MAX_PENDING:
                if not client.outbox:
                    received = client.sock.recv(1 << 16)
                    if not received:
                        return self.release(client)
                    client.inbox += received
                client.answer()
        except (BlockingIOError, InterruptedError):
            client.answer()  # The commands had to wait until the client read its replies.
        except OSError:
            return self.release(client)
        if client.is_last and not client.outbox:
            return self.release(client)
        wanted = selectors.EVENT_WRITE if client.outbox else selectors.EVENT_READ
        self.selector.modify(client.sock, wanted, client)

    def release(self, client):
        client.unwatch()
        self.selector.unregister(client.sock)
        client.sock.close()
        self.clients -= 1


def setting(name, default, most):
    text = os.environ.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= most):
        sys.exit(f"{name}={text}: not a whole number from 1 to {most}")
    return int(text)


def main():
    port, max_clients = setting("PORT", 6379, 65535), setting("MAX_CLIENTS", 10000, 100000)
    password = os.environ.get("REQUIREPASS")
    try:
        server = Server(port, max_clients, password.encode() if password else None)
    except OSError as error:
        sys.exit(f"PORT={port}: {error.strerror}")
    server.serve()


if __name__ == "__main__":
    main()
