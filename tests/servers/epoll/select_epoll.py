#!/usr/bin/env python3
"""A level-triggered echo server that uses select.epoll. A heap contains the free slots.

While no descriptor is free, the listener's entry has no events, and epoll_wait has a time-out.
"""

import errno
import heapq
import os
import resource
import select
import socket
import sys


class Client:
    """A connection in the table, with the bytes that are still to be sent back."""

    def __init__(self, sock, slot):
        self.sock = sock
        self.slot = slot
        self.pending = b""


class Server:
    """The table is a dictionary from descriptor to client, because epoll returns descriptors."""

    def __init__(self, port, max_clients):
        self.max_clients = max_clients
        self.free_slots = list(range(max_clients))
        self.clients = {}
        self.time_out = None
        self.listener = socket.create_server(("", port), backlog=256)
        self.listener.setblocking(False)
        self.epoll = select.epoll()
        self.epoll.register(self.listener, select.EPOLLIN)

    def run(self):
        print(f"[START] active=0/{self.max_clients}")
        while True:
            events = self.epoll.poll(self.time_out)
            if self.time_out:
                self.epoll.modify(self.listener, select.EPOLLIN)
                self.time_out = None
            for fd, _ in events:
                if fd == self.listener.fileno():
                    self.accept()
                elif not self.serve(self.clients[fd]):
                    self.release(fd)

    def accept(self):
        try:
            sock, _ = self.listener.accept()
        except OSError as error:
            if error.errno == errno.EMFILE:
                self.epoll.modify(self.listener, 0)
                self.time_out = 0.05
            return  # Each error concerns this client or is temporary (accept(2), "Error handling").
        if not self.free_slots:
            sock.close()
            print(f"[REJECT] at capacity ({len(self.clients)}/{self.max_clients})")
            return
        sock.setblocking(False)
        client = Client(sock, heapq.heappop(self.free_slots))
        self.clients[sock.fileno()] = client
        self.epoll.register(sock, select.EPOLLIN)
        print(f"[ACCEPT] fd={sock.fileno()} slot={client.slot}")

    def serve(self, client):
        """Reads only if all bytes are sent back. Returns False if the connection has ended."""
        try:
            if not client.pending:
                client.pending = client.sock.recv(65536)
                if not client.pending:
                    return False
            client.pending = client.pending[client.sock.send(client.pending):]
        except BlockingIOError:
            pass
        except OSError:
            return False
        waits_for = select.EPOLLOUT if client.pending else select.EPOLLIN
        self.epoll.modify(client.sock, waits_for)
        return True

    def release(self, fd):
        client = self.clients.pop(fd)
        self.epoll.unregister(fd)
        client.sock.close()
        heapq.heappush(self.free_slots, client.slot)
        print(f"[DISCONNECT] fd={fd} slot={client.slot}")


def setting(name, fallback, most):
    text = os.environ.get(name, str(fallback))
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
        sys.exit(f"{name}={text}: give a whole number from 1 to {most}")
    return int(text)


def main():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    port = setting("PORT", 7000, 65535)
    try:
        server = Server(port, setting("MAX_CLIENTS", 4096, 65536))
    except OSError as error:
        sys.exit(f"PORT={port}: cannot listen: {error}")
    server.run()


if __name__ == "__main__":
    main()
