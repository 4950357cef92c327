#!/usr/bin/env python3
"""The handler and the loop both write the line of a child that has ended."""

import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "fork"))
from fork_server import listen, next_client, serve_client


def reap(*_):
    try:
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            code = os.waitstatus_to_exitcode(ended[1])
            line = f"[REAP] pid={ended[0]} " + (f"status={code}" if code >= 0 else f"signal={-code}")
            print(line, line, sep="\n")
    except ChildProcessError:
        pass


def main():
    listener = listen()
    signal.signal(signal.SIGCHLD, reap)
    while True:
        with next_client(listener) as client:
            pid = os.fork()
            if pid == 0:
                listener.close()
                serve_client(client)
                os._exit(0)
        print(f"[FORK] pid={pid}")


main()
