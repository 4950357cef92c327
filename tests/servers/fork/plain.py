#!/usr/bin/env python3
"""Forks with os.fork, and reaps in a signal handler. SIGTERM ends the children one by one."""

import os
import signal

from fork_server import listen, next_client, serve_client

children = set()
SIGNALS = {signal.SIGCHLD, signal.SIGTERM}


def reap(*_):
    try:
        while pid := os.waitpid(-1, os.WNOHANG)[0]:
            children.discard(pid)
    except ChildProcessError:
        pass


def end(*_):
    for pid in list(children):
        os.kill(pid, signal.SIGTERM)
    os._exit(0)


def fork():
    """Forks. The parent gets no signal before it has stored the child's process id."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        pid = os.fork()
        if pid:
            children.add(pid)
        else:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
        return pid
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


def main():
    listener = listen()
    signal.signal(signal.SIGCHLD, reap)
    signal.signal(signal.SIGTERM, end)
    while True:
        with next_client(listener) as client:
            try:
                pid = fork()
            except BlockingIOError as error:
                print(f"turned away: {error}")
                continue
            if pid == 0:
                listener.close()
                serve_client(client)
                os._exit(0)
        print(f"[FORK] pid={pid}")


main()
