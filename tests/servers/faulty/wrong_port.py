#!/usr/bin/env python3
"""Listens on the port PORT + 70, and prints no message about it."""

import os
import socket

port = int(os.environ.get("PORT", "7000")) + 70
listener = socket.create_server(("", port))
print(f"[START] active=0/{os.environ.get('MAX_CLIENTS', '64')}")
while True:
    listener.accept()[0].close()
