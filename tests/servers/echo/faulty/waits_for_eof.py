"""Reads until end of file, and only then sends all the received bytes back."""

import os
import socket

listener = socket.create_server(("", int(os.environ["PORT"])))
print(f"[START] port={os.environ['PORT']}")
while True:
    client, _ = listener.accept()
    with client:
        received = b""
        while message := client.recv(4096):
            received += message
        client.sendall(received)
