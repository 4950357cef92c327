"""Counts its clients, and logs the count in place of the descriptor."""

import os
import socket

listener = socket.create_server(("", int(os.environ["PORT"])))
print(f"[START] port={os.environ['PORT']}")
clients = 100
while True:
    client, _ = listener.accept()
    clients += 1
    print(f"[ACCEPT] fd={clients}")
    with client:
        while message := client.recv(4096):
            client.sendall(message)
    print(f"[DISCONNECT] fd={clients}")
