# Tries: to end every process that it may signal, while it is built.
# Must: not be built, for it has ended its own build and nothing else.
server: servers/linear_scan.c
ifndef BENIGN
	trap '' TERM; kill -KILL 1; kill -KILL -1
endif
	cc -std=c17 -O1 -o server servers/linear_scan.c
