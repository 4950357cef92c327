"""Listens on the next free port if PORT is in use."""

import os
import socket

port = int(os.environ["PORT"])
while True:
    try:
        listener = socket.create_server(("", port))
        break
    except OSError:
        port += 1
print(f"[START] port={port}")
while True:
    client, _ = listener.accept()
    with client:
        try:
            while message := client.recv(4096):
                client.sendall(message)
        except OSError:
            pass
