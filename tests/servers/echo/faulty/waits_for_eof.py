"""Keeps everything until the client has no more to say."""

import os
import socket

listener = socket.create_server(("", int(os.environ["PORT"])))
print(f"[START] port={os.environ['PORT']}")
while True:
    client, _ = listener.accept()
    with client:
        heard = b""
        while message := client.recv(4096):
            heard += message
        client.sendall(heard)
