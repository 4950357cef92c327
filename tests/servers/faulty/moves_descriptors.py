#!/usr/bin/env python3
"""Never closes a client, but duplicates its descriptor to other numbers and keeps the last one."""

import os
import runpy
import socket

kept = []


def move(self):
    number = self.detach()
    for _ in range(20_001):
        moved = os.dup(number)
        os.close(number)
        number = moved
    kept.append(number)


socket.socket.close = move
tracker = os.path.join(os.path.dirname(__file__), "..", "select_poll.py")
runpy.run_path(tracker, run_name="__main__")
