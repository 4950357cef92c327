"""An echo server that ignores SIGTERM."""

import os
import signal
import socket

signal.signal(signal.SIGTERM, signal.SIG_IGN)
listener = socket.create_server(("", int(os.environ["PORT"])))
print(f"[START] port={os.environ['PORT']}")
while True:
    client, _ = listener.accept()
    with client:
        while message := client.recv(4096):
            client.sendall(message)
