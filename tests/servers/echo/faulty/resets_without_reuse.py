"""Closes each connection with a reset, and binds without SO_REUSEADDR."""

import os
import socket
import struct
import sys

port = int(os.environ["PORT"])
listener = socket.socket()
try:
    listener.bind(("", port))
    listener.listen(128)
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
