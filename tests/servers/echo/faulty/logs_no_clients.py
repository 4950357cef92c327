"""Serves its clients, and logs nothing about them."""

import os
import socket

listener = socket.create_server(("", int(os.environ["PORT"])))
print(f"[START] port={os.environ['PORT']}")
while True:
    client, _ = listener.accept()
    with client:
        while message := client.recv(4096):
            client.sendall(message)
