#!/usr/bin/env python3
"""Forks with os.fork, and reaps in a signal handler. Python retries accept (PEP 475, EINTR)."""

import os
import signal
import socket

FLIPPED = bytes(byte ^ 0x20 if chr(byte).isalpha() and byte < 128 else byte for byte in range(256))


def reap(*_):
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def serve_client(client):
    try:
        while text := client.recv(4096):
            client.sendall(text.translate(FLIPPED))
    except ConnectionError:
        pass


def main():
    listener = socket.create_server(("", int(os.environ.get("PORT", "1205"))))
    signal.signal(signal.SIGCHLD, reap)
    print(f"[START] port={listener.getsockname()[1]}")
    while True:
        client, _ = listener.accept()
        with client:
            try:
                pid = os.fork()
            except BlockingIOError as error:
                print(f"turned away: {error}")
                continue
            if pid == 0:
                listener.close()
                serve_client(client)
                os._exit(0)
        print(f"[FORK] pid={pid}")


main()
