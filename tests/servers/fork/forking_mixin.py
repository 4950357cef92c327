#!/usr/bin/env python3
"""The forking server of Python's standard library. It reaps its children every half second."""

import os
import socketserver

FLIPPED = bytes(byte ^ 0x20 if chr(byte).isalpha() and byte < 128 else byte for byte in range(256))


class Conversation(socketserver.BaseRequestHandler):
    def handle(self):
        self.server.server_close()
        print(f"[FORK] pid={os.getpid()}", flush=True)
        while text := self.request.recv(4096):
            self.request.sendall(text.translate(FLIPPED))


class Server(socketserver.ForkingMixIn, socketserver.TCPServer):
    allow_reuse_address = True

    def server_close(self):
        self.socket.close()

    def handle_error(self, request, client_address):
        pass


def main():
    with Server(("", int(os.environ.get("PORT", "1205"))), Conversation) as server:
        print(f"[START] port={server.server_address[1]}", flush=True)
        server.serve_forever()


main()
