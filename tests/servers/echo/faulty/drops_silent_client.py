"""Closes a client that has been silent for a moment while another one waits."""

import os
import select
import socket
import sys

port = int(os.environ["PORT"])
try:
    listener = socket.create_server(("", port))
except OSError as error:
    sys.exit(f"PORT={port}: {error}")
print(f"[START] port={port}")
while True:
    client, _ = listener.accept()
    descriptor = client.fileno()
    print(f"[ACCEPT] fd={descriptor}")
    with client:
        while client in (ready := select.select([client, listener], [], [])[0]):
            message = client.recv(4096)
            if not message:
                break
            client.sendall(message)
    print(f"[DISCONNECT] fd={descriptor}")
