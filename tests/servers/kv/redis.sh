#!/bin/sh
# Runs Redis as the program under test. Redis gets its settings from the environment, and stores no
# data on disk.
exec redis-server --port "${PORT:-6379}" --maxclients "${MAX_CLIENTS:-10000}" \
    ${REQUIREPASS:+--requirepass "$REQUIREPASS"} \
    --save "" --appendonly no --dir / \
    --client-output-buffer-limit normal 16mb 0 0
