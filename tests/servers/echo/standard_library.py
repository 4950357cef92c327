"""The TCP server of Python's standard library, which wakes up twice a second without any work."""

import os
import socketserver
import sys
import time


class Echo(socketserver.BaseRequestHandler):
    def setup(self):
        print(f"[ACCEPT] fd={self.request.fileno()} peer={self.client_address[0]}")

    def handle(self):
        while message := self.request.recv(4096):
            self.request.sendall(message)


class Server(socketserver.TCPServer):
    allow_reuse_address = True
    request_queue_size = 128

    def get_request(self):
        # The base class ignores the error and waits for the listener again. While no descriptor is
        # free, the listener stays ready, so this would be a busy loop.
        try:
            return super().get_request()
        except OSError:
            time.sleep(0.1)
            raise

    def close_request(self, request):
        fd = request.fileno()
        super().close_request(request)
        print(f"[DISCONNECT] fd={fd}")


def port():
    value = os.environ.get("PORT", "3490")
    if not value.isdecimal() or not 1 <= int(value) <= 65535:
        sys.exit(f"PORT={value!r}: expected a number from 1 to 65535")
    return int(value)


try:
    server = Server(("", port()), Echo)
except OSError as error:
    sys.exit(f"PORT={port()}: {error}")
print(f"[START] port={port()}")
server.serve_forever()
