"""Closes each connection with a reset. Therefore its connections are never in TIME_WAIT."""

import os
import socket
import struct
import sys

port = int(os.environ["PORT"])
try:
    listener = socket.create_server(("", port))
except OSError as error:
    sys.exit(f"PORT={port}: {error}")
print(f"[START] port={port}")
while True:
    client, _ = listener.accept()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with client:
        try:
            while message := client.recv(4096):
                client.sendall(message)
        except OSError:
            pass
