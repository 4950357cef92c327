#!/usr/bin/env python3
"""Starts its children with multiprocessing. When the parent ends, it ends them (daemon=True)."""

import multiprocessing
import os
import signal
import sys

from fork_server import listen, next_client, serve_client


def work(listener, client):
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    listener.close()
    print(f"[FORK] pid={os.getpid()}", flush=True)
    serve_client(client)


def main():
    context = multiprocessing.get_context("fork")
    listener = listen()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGCHLD, lambda *_: multiprocessing.active_children())
    while True:
        with next_client(listener) as client:
            # The handler must not run before the child is in multiprocessing's list.
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGCHLD})
            try:
                context.Process(target=work, args=(listener, client), daemon=True).start()
            except OSError as error:  # EAGAIN from fork, EMFILE from the pipe to the child
                print(f"turned away: {error}")
            finally:
                signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGCHLD})


main()
