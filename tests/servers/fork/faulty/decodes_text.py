"""Takes the bytes for text in UTF-8. Its child ends by an exception at any other bytes."""

import os
import signal
import socket
import sys

port = int(os.environ["PORT"])
try:
    listener = socket.create_server(("", port))
except OSError as error:
    sys.exit(f"PORT={port}: {error}")
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
print(f"[START] port={port}")
while True:
    client, _ = listener.accept()
    with client:
        child = os.fork()
        if child == 0:
            with listener:
                pass
            while message := client.recv(4096):
                client.sendall(message.decode().swapcase().encode())
            os._exit(0)
        print(f"[FORK] pid={child}")
