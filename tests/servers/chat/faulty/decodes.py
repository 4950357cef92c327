#!/usr/bin/env python3
"""A chat room that makes texts of lines: bytes that are no UTF-8 are lost, and a CR is stripped. It
waits for each member with sendall on a blocking socket."""

import os
import select
import socket

MAX_LINE = 65536

listener = socket.create_server(("", int(os.environ.get("PORT", "9040"))))
capacity = int(os.environ.get("MAX_CLIENTS", "256"))
members = {}  # descriptor: [socket, slot, bytes without a newline]
poller = select.poll()
poller.register(listener, select.POLLIN)
print(f"[START] active=0/{capacity}")


def tell_others(about, text):
    for fd, member in list(members.items()):
        if fd != about:
            try:
                member[0].sendall(text.encode())
            except OSError:
                pass


def accept():
    sock, _ = listener.accept()
    if len(members) == capacity:
        sock.close()
        print(f"[REJECT] at capacity ({capacity}/{capacity})")
        return
    used = {member[1] for member in members.values()}
    slot = next(slot for slot in range(capacity) if slot not in used)
    members[sock.fileno()] = [sock, slot, b""]
    poller.register(sock, select.POLLIN)
    print(f"[ACCEPT] fd={sock.fileno()} slot={slot}")
    tell_others(sock.fileno(), f"user {sock.fileno()} joined the chat room\n")


def leave(fd):
    sock, slot, _ = members.pop(fd)
    poller.unregister(sock)
    sock.close()
    print(f"[DISCONNECT] fd={fd} slot={slot}")
    tell_others(fd, f"user {fd} disconnected\n")


def read(fd):
    member = members[fd]
    try:
        received = member[0].recv(4096)
    except OSError:
        received = b""
    if not received:
        return leave(fd)
    *lines, member[2] = (member[2] + received).split(b"\n")
    for line in lines:
        tell_others(fd, f"user {fd}: {line.decode(errors='ignore').rstrip()}\n")
    if len(member[2]) >= MAX_LINE:
        leave(fd)


while True:
    for fd, _ in poller.poll():
        if fd == listener.fileno():
            accept()
        elif fd in members:
            read(fd)
