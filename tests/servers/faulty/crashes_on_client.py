#!/usr/bin/env python3
"""Starts correctly, and is killed by SIGABRT when the first client connects."""

import os
import socket

listener = socket.create_server(("", int(os.environ.get("PORT", "7000"))))
print(f"[START] active=0/{os.environ.get('MAX_CLIENTS', '64')}")
client, _ = listener.accept()
os.abort()
