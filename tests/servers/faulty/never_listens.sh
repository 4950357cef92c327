#!/bin/sh
# Sleeps for ever.
exec sleep infinity
