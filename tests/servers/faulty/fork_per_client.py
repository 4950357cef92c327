#!/usr/bin/env python3
"""Logs like a tracker, but forks a child for each client. The child blocks in recv.

The parent keeps its own descriptor of the connection open until poll reports, through a pidfd, that
the child has ended (pidfd_open(2)). Therefore no other client gets the descriptor's number before.
"""

import os
import select
import socket

LIMIT = int(os.environ.get("MAX_CLIENTS", "64"))


def serve_client(client):
    """Serves a client in the child process."""
    try:
        while client.recv(4096):
            pass
    finally:
        os._exit(0)


def start(client, children, poller):
    slot = min(set(range(LIMIT)) - {slot for _, slot, _ in children.values()})
    print(f"[ACCEPT] fd={client.fileno()} slot={slot}")
    pid = os.fork()
    if pid == 0:
        serve_client(client)
    pidfd = os.pidfd_open(pid)
    children[pidfd] = client, slot, pid
    poller.register(pidfd, select.POLLIN)


def finish(pidfd, children, poller):
    client, slot, pid = children.pop(pidfd)
    os.waitpid(pid, 0)
    poller.unregister(pidfd)
    os.close(pidfd)
    fd = client.fileno()
    client.close()
    print(f"[DISCONNECT] fd={fd} slot={slot}")


def main():
    listener = socket.create_server(("", int(os.environ.get("PORT", "7000"))))
    poller, children = select.poll(), {}
    poller.register(listener, select.POLLIN)
    print(f"[START] active=0/{LIMIT}")
    while True:
        for fd, _ in poller.poll():
            if fd != listener.fileno():
                finish(fd, children, poller)
            elif len(children) < LIMIT:
                start(listener.accept()[0], children, poller)
            else:
                listener.accept()[0].close()
                print(f"[REJECT] at capacity ({LIMIT}/{LIMIT})")


main()
