"""A thread accepts clients immediately into a queue; the main thread serves one after the other."""

import os
import queue
import socket
import sys
import threading
import time


def port():
    value = os.environ.get("PORT", "3490")
    if not value.isdecimal() or not 1 <= int(value) <= 65535:
        sys.exit(f"PORT={value!r}: expected a number from 1 to 65535")
    return int(value)


def listening():
    try:
        return socket.create_server(("", port()), backlog=1)
    except OSError as error:
        sys.exit(f"PORT={port()}: {error}")


listener = listening()
waiting = queue.SimpleQueue()


def accept_clients():
    while True:
        try:
            client = listener.accept()[0]
        except OSError as error:
            print(f"no client: {error}")
            time.sleep(0.05)
            continue
        print(f"[ACCEPT] fd={client.fileno()}")
        waiting.put(client)


threading.Thread(target=accept_clients, daemon=True).start()
print(f"[START] port={port()}")
while True:
    client = waiting.get()
    fd = client.fileno()
    try:
        with client:
            while message := client.recv(1000):
                client.sendall(message)
    except OSError:
        pass
    del client
    print(f"[DISCONNECT] fd={fd}")
