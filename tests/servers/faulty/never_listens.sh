#!/bin/sh
# Never listens: sleeps forever.
exec sleep infinity
