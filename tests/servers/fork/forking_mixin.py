#!/usr/bin/env python3
"""The forking server of Python's standard library. It reaps its children every half second."""

import os
import signal
import socketserver
import sys
import time

from fork_server import SHORTAGE, port_setting, serve_client


class Conversation(socketserver.BaseRequestHandler):
    def handle(self):
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        self.server.server_close()
        print(f"[FORK] pid={os.getpid()}", flush=True)
        serve_client(self.request)


class Server(socketserver.ForkingMixIn, socketserver.TCPServer):
    allow_reuse_address = True

    def server_close(self):
        self.socket.close()

    def get_request(self):
        try:
            return super().get_request()
        except OSError as error:
            if error.errno in SHORTAGE:
                time.sleep(0.05)
            raise

    def handle_error(self, request, client_address):
        pass


def main():
    port = port_setting()
    try:
        server = Server(("", port), Conversation)
    except OSError as error:
        sys.exit(f"PORT={port}: cannot listen: {error.strerror}")

    def end(*_):
        for pid in server.active_children or ():
            os.kill(pid, signal.SIGKILL)
        os._exit(0)

    signal.signal(signal.SIGTERM, end)
    print(f"[START] port={port}", flush=True)
    server.serve_forever()


main()
