#!/bin/sh
# Redis itself, as a server under proof: settings from the environment, nothing kept on a disk.
exec redis-server --port "${PORT:-6379}" --maxclients "${MAX_CLIENTS:-10000}" \
    ${REQUIREPASS:+--requirepass "$REQUIREPASS"} \
    --save "" --appendonly no --dir / \
    --client-output-buffer-limit normal 16mb 0 0
