#!/usr/bin/env python3
"""Listens, then prints a million lines as fast as it can, and accepts no client."""

import os
import signal
import socket

listener = socket.create_server(("", int(os.environ.get("PORT", "7000"))))
print(f"[START] active=0/{os.environ.get('MAX_CLIENTS', '64')}")
for thousand in range(1000):
    print("\n".join(f"line {1000 * thousand + n}: nothing of interest" for n in range(1000)))
print("that was a million")
signal.pause()
