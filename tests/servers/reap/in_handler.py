#!/usr/bin/env python3
"""Forks with os.fork, and reaps and logs in a handler of the signal module."""

import ctypes
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fork"))
from fork_server import listen, next_client, serve_client

PR_SET_PDEATHSIG = 1


def reap(*_):
    """Runs between two steps of the interpreter, so it may call print."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        code = os.waitstatus_to_exitcode(status)
        end = f"status={code}" if code >= 0 else f"signal={-code}"
        os.write(1, f"[REAP] pid={pid} {end}\n".encode())


def child(listener, client, parent):
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(0)
    listener.close()
    serve_client(client)
    os._exit(0)


def main():
    listener = listen()
    signal.signal(signal.SIGCHLD, reap)
    parent = os.getpid()
    while True:
        with next_client(listener) as client:
            try:
                pid = os.fork()
            except BlockingIOError as error:
                print(f"turned away: {error}")
                continue
            if pid == 0:
                child(listener, client, parent)
        print(f"[FORK] pid={pid}")


main()
