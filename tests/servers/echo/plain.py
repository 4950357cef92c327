"""An echo server on plain sockets, which serves one client at a time."""

import os
import socket
import sys
import time


def port():
    value = os.environ.get("PORT", "3490")
    if not value.isdecimal() or not 1 <= int(value) <= 65535:
        sys.exit(f"PORT={value!r}: expected a number from 1 to 65535")
    return int(value)


def listening():
    try:
        return socket.create_server(("", port()))
    except OSError as error:
        sys.exit(f"PORT={port()}: {error}")


def echo(client):
    with client:
        while message := client.recv(65536):
            client.sendall(message)


def main():
    listener = listening()
    print(f"[START] port={port()}")
    while True:
        try:
            client, peer = listener.accept()
        except OSError as error:
            print(f"no client: {error}")
            time.sleep(0.1)
            continue
        fd = client.fileno()
        print(f"[ACCEPT] fd={fd} peer={peer[0]}")
        try:
            echo(client)
        except OSError as error:
            print(f"that client is gone: {error}")
        print(f"[DISCONNECT] fd={fd}")


main()
