#!/usr/bin/env python3
"""Closes standard output when it listens. Therefore its first client gets descriptor 1."""

import os
import socket

listener = socket.create_server(("", int(os.environ.get("PORT", "7000"))))
print(f"[START] active=0/{os.environ.get('MAX_CLIENTS', '64')}", flush=True)
os.close(1)
clients = []
while True:
    clients.append(listener.accept()[0])
    print(f"[ACCEPT] fd={clients[-1].fileno()} slot={len(clients) - 1}", flush=True)
