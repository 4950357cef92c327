#!/bin/sh
# Ends before it listens, with a status and a reason of its own.
echo "no configuration file: giving up" >&2
exit 3
