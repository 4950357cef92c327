#!/usr/bin/env python3
"""Prints binary data and terminal escapes, then listens and accepts no client."""

import os
import signal
import socket

EVERY_BYTE = bytes(range(256))
ESCAPES = [
    b"\x1b[2J\x1b[H",  # clears the screen
    b"\x1b]0;all criteria proved\x07",  # renames the window
    b"\x1b[31m\x1b[8mhidden\x1b[1A\x1b[2K",  # hides text, goes up a line, erases it
    b"\x1b[?1049h\x1b[6n",  # switches the screen; queries the cursor
    b"\xc3(\xed\xa0\x80\xff\xfe",  # not UTF-8
]

os.write(1, EVERY_BYTE + b"\n")
for escape in ESCAPES:
    os.write(1, b"[START] " + escape + b"\r\n" + b"[ACCEPT] fd=" + escape + b"\n")
listener = socket.create_server(("", int(os.environ.get("PORT", "7000"))))
os.write(1, b"[DISCONNECT] fd=99999999999999999999 slot=-1\n")
signal.pause()
