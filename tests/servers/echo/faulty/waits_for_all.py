"""Reads with MSG_WAITALL, which returns only when the buffer is full, or at end of file."""

import os
import socket

listener = socket.create_server(("", int(os.environ["PORT"])))
print(f"[START] port={os.environ['PORT']}")
while True:
    client, _ = listener.accept()
    with client:
        while message := client.recv(4096, socket.MSG_WAITALL):
            client.sendall(message)
