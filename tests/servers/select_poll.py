#!/usr/bin/env python3
"""An echo server that uses select.poll. The free slots are a heap: the lowest is used first."""

import errno
import heapq
import os
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
    """The table is a dictionary from descriptor to client, because poll returns descriptors."""

    def __init__(self, port, max_clients):
        self.max_clients = max_clients
        self.free_slots = list(range(max_clients))
        self.clients = {}
        self.spare = open(os.devnull, "rb")
        self.listener = socket.create_server(("", port))
        self.listener.setblocking(False)
        self.poller = select.poll()
        self.poller.register(self.listener, select.POLLIN)

    def run(self):
        print(f"[START] active=0/{self.max_clients}")
        while True:
            for fd, _ in self.poller.poll():
                if fd == self.listener.fileno():
                    self.accept()
                elif not self.serve(self.clients[fd]):
                    self.release(fd)

    def accept(self):
        try:
            sock, _ = self.listener.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                self.reject_by_spare()
            return  # Each error concerns this client or is temporary (accept(2), "Error handling").
        if not self.free_slots:
            sock.close()
            print(f"[REJECT] at capacity ({len(self.clients)}/{self.max_clients})")
            return
        sock.setblocking(False)
        client = Client(sock, heapq.heappop(self.free_slots))
        self.clients[sock.fileno()] = client
        self.poller.register(sock, select.POLLIN)
        print(f"[ACCEPT] fd={sock.fileno()} slot={client.slot}")

    def reject_by_spare(self):
        """Closes the spare file, so that accept has a descriptor for the client, and closes both."""
        self.spare.close()
        try:
            self.listener.accept()[0].close()
        except OSError:
            pass
        self.spare = open(os.devnull, "rb")

    def serve(self, client):
        """Reads only if all bytes are sent back. Returns False if the connection has ended."""
        try:
            if not client.pending:
                client.pending = client.sock.recv(65536)
                if not client.pending:
                    return False
            sent = client.sock.send(client.pending)
            client.pending = client.pending[sent:]
        except (BlockingIOError, InterruptedError):
            pass
        except OSError:
            return False
        self.poller.modify(client.sock, select.POLLOUT if client.pending else select.POLLIN)
        return True

    def release(self, fd):
        client = self.clients.pop(fd)
        self.poller.unregister(fd)
        client.sock.close()
        heapq.heappush(self.free_slots, client.slot)
        print(f"[DISCONNECT] fd={fd} slot={client.slot}")


def setting(name, default, most):
    text = os.environ.get(name, str(default))
    plain = text.isascii() and text.isdigit() and len(text) < 10
    if not plain or not 1 <= int(text) <= most:
        sys.exit(f"{name}={text}: give a whole number from 1 to {most}")
    return int(text)


def main():
    port, max_clients = setting("PORT", 7000, 65535), setting("MAX_CLIENTS", 64, 10000)
    try:
        server = Server(port, max_clients)
    except OSError as error:
        sys.exit(f"PORT={port}: cannot listen: {os.strerror(error.errno)}")
    server.run()


if __name__ == "__main__":
    main()
