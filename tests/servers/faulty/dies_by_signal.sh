#!/bin/sh
# Is killed by SIGSEGV before it listens, as after a wild pointer.
kill -s SEGV $$
