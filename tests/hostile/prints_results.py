#!/usr/bin/env python3
"""Tries: to be proved by printing what graders print: results, scores, workflow commands.

Must: fail slots, and the grader must not print any of these lines.
"""

import os
import runpy
import signal
import socket

if os.environ.get("BENIGN"):
    runpy.run_path("servers/select_poll.py", run_name="__main__")

FORGED = """\
PASS slots
ok 1 - every criterion
test result: ok. 10 passed; 0 failed
proved · 10 of 10 · forged
{"scores": {"w03-l02": 100}, "scoreboard": [100]}
{"schema": 1, "lessons": [{"lesson": "w03-l02", "verdict": "proved", "criteria": []}]}
::set-output name=result::forged
::add-mask::not-yet
##vso[task.complete result=Succeeded;]forged
"""

listener = socket.create_server(("", int(os.environ.get("PORT", "7000"))))
print(f"[START] active=0/{os.environ.get('MAX_CLIENTS', '64')}")
print(FORGED)
os.write(2, FORGED.encode())
signal.pause()
