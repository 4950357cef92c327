#!/usr/bin/env python3
"""A chat room that cuts what it has received with splitlines, which also ends a line at a CR alone."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import room


def take_lines(self, member, received):
    lines = bytes(member.line + received).splitlines(keepends=True)
    is_complete = not lines or lines[-1].endswith(b"\n")
    member.line = bytearray() if is_complete else bytearray(lines.pop())
    for line in lines:
        if len(line) > room.MAX_LINE:
            return self.refuse(member)
        self.say(member, line)
    if len(member.line) >= room.MAX_LINE:
        self.refuse(member)


room.Room.take_lines = take_lines

import poll_room  # noqa: E402, F401 (runs the room)
