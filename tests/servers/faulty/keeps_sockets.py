#!/usr/bin/env python3
"""A poll tracker with a fault: it forgets a client that has left, and never closes the client's
socket."""

import os
import select
import socket

listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("", int(os.environ["PORT"])))
listener.listen(128)
max_clients = int(os.environ["MAX_CLIENTS"])
print(f"[START] active=0/{max_clients}", flush=True)

poller = select.poll()
poller.register(listener, select.POLLIN)
free = list(range(max_clients))
clients, kept = {}, []
while True:
    for fd, _ in poller.poll():
        if fd == listener.fileno():
            client, _ = listener.accept()
            clients[client.fileno()] = client, free.pop(0)
            poller.register(client, select.POLLIN)
            print(f"[ACCEPT] fd={client.fileno()} slot={clients[client.fileno()][1]}", flush=True)
            continue
        client, slot = clients[fd]
        data = client.recv(4096)
        if data:
            client.sendall(data)
            continue
        poller.unregister(client)
        del clients[fd]
        free.insert(0, slot)
        kept.append(client)
        print(f"[DISCONNECT] fd={fd} slot={slot}", flush=True)
