#!/usr/bin/env python3
"""A chat room that tells a member that its line is too long, and skips this line. The argument chooses a
fault:
  drops-read   with the end of the line, it skips everything that came in the same read
  drops-rest   when a line is too long, it skips everything that came in the same read
  leaves-loop  with edge-triggered entries, it reads no more when a line is too long
  stays        it goes on skipping when the slot has another member
  full-buffer  a line is too long if it reaches the end of its buffer, also if it is short
Without an argument, it is right."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import room

fault = sys.argv[1] if len(sys.argv) > 1 else ""
skipping = set()  # the members whose line is too long (stays: their slots)
places = {}  # for full-buffer: the bytes of the buffer that are in use, or were


def key(member):
    return member.slot if fault == "stays" else member


def take_lines(self, member, received):
    while received and self.is_here(member):
        space = room.MAX_LINE - (places.get(member, 0) if fault == "full-buffer" else len(member.line))
        piece, received = received[:space], received[space:]
        places[member] = places.get(member, 0) + len(piece)
        take_piece(self, member, piece)
        is_full = fault == "full-buffer" and places[member] == room.MAX_LINE
        if is_full or len(member.line) == room.MAX_LINE:
            refuse(self, member)
            if fault == "drops-rest":
                received = b""
        if not member.line:
            places[member] = 0


def take_piece(self, member, piece):
    *lines, member.line = (member.line + piece).split(b"\n")
    for line in lines:
        if key(member) not in skipping:
            self.say(member, bytes(line) + b"\n")
            continue
        skipping.discard(key(member))
        if fault == "drops-read":
            member.line.clear()
            return


def refuse(self, member):
    if member.line and key(member) not in skipping:
        skipping.add(key(member))
        self.tell(member, b"*** this line is too long\n")
    member.line.clear()


def read(self, member):
    was_skipping = member in skipping
    may_have_more = read_once(self, member)
    return may_have_more and (was_skipping or member not in skipping)


room.Room.take_lines = take_lines

if fault == "leaves-loop":
    read_once = room.Room.read
    room.Room.read = read
    import epoll_room  # noqa: E402, F401 (runs the room)
else:
    import poll_room  # noqa: E402, F401 (runs the room)
