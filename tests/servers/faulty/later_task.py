"""A server that takes any PORT, and whose second task is still to do: it panics there, as a program in
Rust does."""
import os
import socket
import sys

text = os.environ.get("PORT", "7000")
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
try:
    listener.bind(("", int(text) if text.isdecimal() and int(text) < 65536 else 7000))
    listener.listen(20)
    print(f"[START] active=0/{os.environ.get('MAX_CLIENTS', '64')}", flush=True)
    if text == "7000":
        listener.accept()
except OSError:
    pass
print(
    "\nthread 'main' (812) panicked at src/server.rs:61:9:\n"
    "not yet implemented: Task 2: accept the client",
    file=sys.stderr,
)
sys.exit(101)
