#!/usr/bin/env python3
"""Becomes a daemon (daemon(7)): the process exits with 0, and its grandchild listens."""

import os
import signal
import socket

if os.fork() > 0:
    os._exit(0)
os.setsid()
if os.fork() > 0:
    os._exit(0)
listener = socket.create_server(("", int(os.environ.get("PORT", "7000"))))
print(f"[START] active=0/{os.environ.get('MAX_CLIENTS', '64')}", flush=True)
signal.pause()
