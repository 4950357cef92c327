"""A thread accepts clients immediately into a queue; the main thread serves one after the other."""

import os
import queue
import socket
import sys
import threading

port = int(os.environ.get("PORT", "3490"))
try:
    listener = socket.create_server(("", port), backlog=1)
except OSError as error:
    sys.exit(f"PORT={port}: {error}")
waiting = queue.SimpleQueue()


def accept_client():
    while True:
        waiting.put(listener.accept()[0])


threading.Thread(target=accept_client, daemon=True).start()
print(f"[START] port={port}")
while True:
    client = waiting.get()
    try:
        with client:
            while message := client.recv(1000):
                client.sendall(message)
    except OSError:
        pass
    del client
