"""Imported by the forking servers in Python: the port, the listener, and the work of a child."""

import errno
import os
import socket
import sys
import time

FLIPPED = bytes(byte ^ 0x20 if chr(byte).isalpha() and byte < 128 else byte for byte in range(256))
SHORTAGE = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


def port_setting():
    text = os.environ.get("PORT", "1205")
    if text.isascii() and text.isdigit() and 0 < int(text) < 65536:
        return int(text)
    sys.exit(f"PORT={text}: give a whole number from 1 to 65535")


def listen():
    port = port_setting()
    try:
        listener = socket.create_server(("", port))
    except OSError as error:
        sys.exit(f"PORT={port}: cannot listen: {error.strerror}")
    print(f"[START] port={port}", flush=True)
    return listener


def next_client(listener):
    """Waits for a client. Pauses while no descriptor is free. Python retries EINTR (PEP 475)."""
    while True:
        try:
            return listener.accept()[0]
        except ConnectionAbortedError:
            pass
        except OSError as error:
            if error.errno not in SHORTAGE:
                raise
            time.sleep(0.05)


def serve_client(client):
    try:
        while text := client.recv(4096):
            client.sendall(text.translate(FLIPPED))
    except ConnectionError:
        pass
