#!/bin/sh
# Ends before it listens, with an exit status and a message.
echo "no configuration file: giving up" >&2
exit 3
