#!/bin/bash
# A client that sends with echo, which takes the line `-n` for an option.
exec 3<>"/dev/tcp/$1/$2"
IFS= read -r text
echo -n "$text" >&3
echo "[client] sent '$text'"
IFS= read -r -N "${#text}" -u 3 answer
echo "[client] received '$answer'"
