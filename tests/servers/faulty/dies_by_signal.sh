#!/bin/sh
# Dies of SIGSEGV before it listens, as a wild pointer would have it.
kill -s SEGV $$
