#!/usr/bin/env python3
"""A chat room that looks for the end of a line in its full buffer again and again."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import room


def look_again(_room, member):
    while b"\n" not in member.line:
        pass


room.Room.refuse = look_again

import poll_room  # noqa: E402, F401 (runs the room)
