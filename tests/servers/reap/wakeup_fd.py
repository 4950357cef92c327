#!/usr/bin/env python3
"""A selector waits for clients, and for the socket pair to which the interpreter's own handler
writes the number of each signal (signal.set_wakeup_fd). The loop reaps. SIGTERM ends the children."""

import errno
import os
import selectors
import signal
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fork"))
from fork_server import SHORTAGE, listen, serve_client

children = set()
SIGNALS = {signal.SIGCHLD, signal.SIGTERM}


def reap():
    while children:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        children.discard(pid)
        if os.WIFSIGNALED(status):
            print(f"[REAP] pid={pid} signal={os.WTERMSIG(status)}")
        else:
            print(f"[REAP] pid={pid} status={os.WEXITSTATUS(status)}")


def end(*_):
    for pid in children:
        os.kill(pid, signal.SIGTERM)
    os._exit(0)


def start_child(listener, client):
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        pid = os.fork()
        if pid:
            children.add(pid)
        else:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
    except BlockingIOError as error:
        print(f"turned away: {error}")
        return
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    if pid == 0:
        listener.close()
        serve_client(client)
        os._exit(1)
    print(f"[FORK] pid={pid}")


def accept(listener):
    try:
        client, _ = listener.accept()
    except OSError as error:
        if error.errno in SHORTAGE:
            time.sleep(0.05)
        elif error.errno not in (errno.EAGAIN, errno.ECONNABORTED):
            raise
        return
    with client:
        client.setblocking(True)
        start_child(listener, client)


def main():
    listener = listen()
    listener.setblocking(False)
    woken, wakes = socket.socketpair()
    woken.setblocking(False)
    wakes.setblocking(False)
    signal.set_wakeup_fd(wakes.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGTERM, end)
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ)
    selector.register(woken, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is woken:
                woken.recv(4096)
                reap()
            else:
                accept(listener)


main()
