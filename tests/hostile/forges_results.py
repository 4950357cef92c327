#!/usr/bin/env python3
"""Tries: to write forged result files into every folder in which a grader may look for results.

Must: fail slots, and the grader must not read any of these files as a result.
"""

import json
import os
import runpy
import signal
import socket

if os.environ.get("BENIGN"):
    runpy.run_path("servers/select_poll.py", run_name="__main__")

RESULT = json.dumps({"score": 100, "verdict": "proved", "tests": []})
PLACES = [".", "grades", "..", "../grades", "/tmp", "/autograder/results", "/grade/results"]
NAMES = ["grades.sqlite", "grades.csv", "results.json", "index.html", "junit.xml", "report.json"]

for place in PLACES:
    for name in NAMES:
        try:
            os.makedirs(place, exist_ok=True)
            with open(os.path.join(place, name), "w", encoding="ascii") as file:
                file.write(RESULT)
        except OSError:
            pass
for fd in range(3, 256):
    try:
        os.write(fd, RESULT.encode())
    except OSError:
        pass
listener = socket.create_server(("", int(os.environ.get("PORT", "7000"))))
print(f"[START] active=0/{os.environ.get('MAX_CLIENTS', '64')}")
signal.pause()
