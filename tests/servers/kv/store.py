#!/usr/bin/env python3
"""A key-value store that uses selectors. It reads once per event and writes once per reply.

While a client does not read its replies, the server does not read from this client. select sleeps
until the next key expires; then the server removes the expired keys.
"""

import os
import re
import selectors
import socket
import sys
import time

MAX_PENDING = 1 << 20  # bytes of replies that a client may leave unread
MAX_REPLY = 16 << 20  # bytes of one reply; a client that asks for more is disconnected
LONGEST_LINE = 1 << 16
LONGEST_STRING = 512 << 20
MAX_WORDS = 1 << 20
SMALLEST, LARGEST = -(2**63), 2**63 - 1


class TooLarge(Exception):
    """The reply to a command exceeds MAX_REPLY."""


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
        if line.count(b'"') % 2 or line.count(b"'") % 2:
            raise Refused("ERR Protocol error: unbalanced quotes in request")
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


def now():
    return time.monotonic() * 1000


def options(words, known):
    """The options in `words`: a dictionary from each name to its argument, or to True."""
    found, words = {}, list(words)
    while words:
        name = words.pop(0).upper()
        if name not in known or (known[name] and not words):
            raise Refused("ERR syntax error")
        found[name] = words.pop(0) if known[name] else True
    return found


def expiry(number, unit):
    """The time that is `number` units of `unit` milliseconds after now."""
    span = integer(number) * unit
    if not SMALLEST // 2 < span < LARGEST // 2:
        raise Refused("ERR invalid expire time")
    return now() + span


class Store:
    """The keys with their values, their deadlines in milliseconds and the clients that watch them."""

    def __init__(self):
        self.values, self.deadlines, self.watchers = {}, {}, {}

    def alive(self, key):
        if self.deadlines.get(key, float("inf")) <= now():
            del self.values[key], self.deadlines[key]
            self.touch(key)
        return key in self.values

    def sleep(self):
        """Removes expired keys. Returns the seconds until the next key expires, or None."""
        for key in list(self.deadlines):
            self.alive(key)
        left = min(self.deadlines.values(), default=None)
        return None if left is None else max(left - now(), 1) / 1000

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

    def set(self, key, value, *words):
        found = options(words, {b"NX": 0, b"XX": 0, b"KEEPTTL": 0, b"EX": 1, b"PX": 1})
        times = {b"EX", b"PX", b"KEEPTTL"} & set(found)
        if len(times) > 1 or {b"NX", b"XX"} <= set(found):
            raise Refused("ERR syntax error")
        time, unit = found.get(b"EX", found.get(b"PX")), 1000 if b"EX" in found else 1
        deadline = None if time is None else expiry(time, unit)
        if deadline is not None and integer(time) <= 0:
            raise Refused("ERR invalid expire time in 'set' command")
        if self.alive(key) if b"NX" in found else b"XX" in found and not self.alive(key):
            return None
        self.put(key, value, keep=b"KEEPTTL" in found)
        if deadline is not None:
            self.deadlines[key] = deadline
        return True

    def delete(self, *keys):
        return sum(map(self.drop, keys))

    def exists(self, *keys):
        return sum(map(self.alive, keys))

    def incr(self, key):
        number = integer(self.get(key) if self.alive(key) else b"0", SMALLEST, LARGEST - 1)
        self.put(key, b"%d" % (number + 1), keep=True)
        return number + 1

    def append(self, key, value):
        self.put(key, (self.get(key) or b"") + value, keep=True)
        return len(self.values[key])

    def expire(self, key, number, *words, unit=1000):
        found = options(words, {b"NX": 0, b"XX": 0, b"GT": 0, b"LT": 0})
        if len(found) > 1 and (b"NX" in found or {b"GT", b"LT"} <= set(found)):
            raise Refused("ERR options are not compatible")
        new = expiry(number, unit)
        if not self.alive(key):
            return 0
        old = self.deadlines.get(key)
        never = float("inf") if old is None else old
        if (
            (b"NX" in found and old is not None)
            or (b"XX" in found and old is None)
            or (b"GT" in found and new <= never)
            or (b"LT" in found and new >= never)
        ):
            return 0
        if new <= now():
            return self.drop(key)
        self.deadlines[key] = new
        self.touch(key)
        return 1

    def pexpire(self, *words):
        return self.expire(*words, unit=1)

    def pttl(self, key):
        if not self.alive(key):
            return -2
        return int(self.deadlines[key] - now()) if key in self.deadlines else -1

    def ttl(self, key):
        left = self.pttl(key)
        return left if left < 0 else (left + 500) // 1000

    def persist(self, key):
        if not self.alive(key) or key not in self.deadlines:
            return 0
        del self.deadlines[key]
        self.touch(key)
        return 1

    def mget(self, *keys):
        values = [self.get(key) for key in keys]
        if sum(len(value or b"") for value in values) > MAX_REPLY:
            raise TooLarge
        return values

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
    b"SET": (STORE.set, 3, MAX_WORDS),
    b"DEL": (STORE.delete, 2, MAX_WORDS),
    b"EXISTS": (STORE.exists, 2, MAX_WORDS),
    b"INCR": (STORE.incr, 2, 2),
    b"APPEND": (STORE.append, 3, 3),
    b"EXPIRE": (STORE.expire, 3, MAX_WORDS),
    b"PEXPIRE": (STORE.pexpire, 3, MAX_WORDS),
    b"TTL": (STORE.ttl, 2, 2),
    b"PTTL": (STORE.pttl, 2, 2),
    b"PERSIST": (STORE.persist, 2, 2),
    b"MGET": (STORE.mget, 2, MAX_WORDS),
    b"MSET": (STORE.mset, 3, MAX_WORDS),
    b"KEYS": (STORE.keys, 2, 2),
    b"DBSIZE": (STORE.dbsize, 1, 1),
    b"FLUSHDB": (STORE.flushdb, 1, 2),
}
# The minimum and maximum number of words for the commands that change the state of a connection.
# These commands are methods of Client.
OWN = {
    b"AUTH": (2, 3),
    b"QUIT": (1, 1),
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

    def read(self):
        """Adds to the inbox what the client has sent: nothing, if commands had to wait until the
        client read its replies."""
        try:
            received = self.sock.recv(1 << 16)
        except (BlockingIOError, InterruptedError):
            return
        self.inbox += received
        # After an end of file, the client still gets the pending replies.
        self.is_last |= not received

    def answer(self):
        """Runs the commands in the inbox, while the client reads its replies."""
        at = 0
        try:
            while not self.is_last and len(self.outbox) < MAX_PENDING and (
                found := parse(self.inbox, at)
            ):
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
            if not self.unlocked and name not in (b"AUTH", b"QUIT"):
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

    def quit(self):
        self.is_last = True
        return True

    def auth(self, *words):
        if self.password is None:
            raise Refused("ERR AUTH called without any password configured")
        user, password = words if len(words) == 2 else (b"default", words[0])
        if user != b"default" or password != self.password:
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
        for key in self.watched:
            STORE.alive(key)
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
            for key, _ in self.selector.select(STORE.sleep()):
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
                    client.read()
                client.answer()
        except (OSError, TooLarge):
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
