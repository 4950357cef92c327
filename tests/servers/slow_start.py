#!/usr/bin/env python3
"""Listens after 300 ms: 150 ms of CPU time, 150 ms of sleep. Then it is a simple tracker.

The table is a list with an item for each slot; None is a free slot.
"""

import errno
import os
import select
import socket
import sys
import time


def warm_up():
    """Simulates the time that a program needs to load a cache or a model."""
    while time.process_time() < 0.150:
        sum(range(1000))
    time.sleep(0.150)


def number(variable, default, most):
    value = os.environ.get(variable, default)
    try:
        if not (value.isascii() and value.isdecimal()) or not 0 < int(value) <= most:
            raise ValueError
    except ValueError:
        sys.exit(f"{variable}={value}: not a number from 1 to {most}")
    return int(value)


def is_open(client):
    """Reads and discards bytes. Returns False if the connection has ended."""
    try:
        return client.recv(4096) != b""
    except (BlockingIOError, InterruptedError):
        return True
    except OSError:
        return False


def admit(client, table):
    if None not in table:
        client.close()
        print(f"[REJECT] at capacity ({len(table)}/{len(table)})")
        return
    client.setblocking(False)
    slot = table.index(None)
    table[slot] = client
    print(f"[ACCEPT] fd={client.fileno()} slot={slot}")


def remove_client(slot, table):
    client, table[slot] = table[slot], None
    fd = client.fileno()
    client.close()
    print(f"[DISCONNECT] fd={fd} slot={slot}")


def wait(listener, table):
    """Returns the ready descriptors. Each call registers all sockets again."""
    poller = select.poll()
    for sock in [listener, *filter(None, table)]:
        poller.register(sock, select.POLLIN)
    return {fd for fd, _ in poller.poll()}


def main():
    port = number("PORT", "7000", 65535)
    table = [None] * number("MAX_CLIENTS", "64", 5000)
    warm_up()
    try:
        listener = socket.create_server(("0.0.0.0", port), backlog=200)
    except OSError as error:
        sys.exit(f"PORT={port}: {os.strerror(error.errno)}")
    listener.setblocking(False)
    print(f"[START] active=0/{len(table)}")
    while True:
        ready = wait(listener, table)
        for slot, client in enumerate(table):
            if client and client.fileno() in ready and not is_open(client):
                remove_client(slot, table)
        if listener.fileno() in ready:
            try:
                admit(listener.accept()[0], table)
            except OSError as error:
                # After an error, poll reports the listener again if a client waits.
                time.sleep(0.02 if error.errno == errno.EMFILE else 0)


main()
