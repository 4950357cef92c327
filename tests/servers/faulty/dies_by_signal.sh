#!/bin/sh
# Is killed by SIGSEGV before it listens, like a program that uses an invalid pointer.
kill -s SEGV $$
