#!/bin/sh
# Redis as a program under test: it takes its settings from the environment and stores nothing on disk.
exec redis-server --port "${PORT:-6379}" --maxclients "${MAX_CLIENTS:-10000}" \
    ${REQUIREPASS:+--requirepass "$REQUIREPASS"} \
    --save "" --appendonly no --dir / \
    --client-output-buffer-limit normal 16mb 0 0
