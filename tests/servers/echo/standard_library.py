"""The TCP server of Python's standard library, which wakes up twice a second without any work."""

import os
import socketserver
import sys


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while message := self.request.recv(4096):
            self.request.sendall(message)


class Server(socketserver.TCPServer):
    allow_reuse_address = True


port = int(os.environ.get("PORT", "3490"))
try:
    server = Server(("", port), Echo)
except OSError as error:
    sys.exit(f"PORT={port}: {error}")
print(f"[START] port={port}")
server.serve_forever()
