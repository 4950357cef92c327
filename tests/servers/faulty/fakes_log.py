#!/usr/bin/env python3
"""Prints the log of a tracker, but never accepts a client."""

import os
import signal
import socket

capacity = int(os.environ.get("MAX_CLIENTS", "64"))
listener = socket.create_server(("", int(os.environ.get("PORT", "7000"))))
print(f"[START] active=0/{capacity}")
for slot in range(min(capacity, 5)):
    print(f"[ACCEPT] fd={slot + 4} slot={slot}")
print(f"[REJECT] at capacity ({capacity}/{capacity})")
print("[DISCONNECT] fd=4 slot=0\n[ACCEPT] fd=4 slot=0")
signal.pause()
