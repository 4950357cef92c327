# Tries: to kill every process that it may signal, during the build.
# Must: not be built, because it kills its own build and nothing else.
server: servers/linear_scan.c
ifndef BENIGN
	trap '' TERM; kill -KILL 1; kill -KILL -1
endif
	cc -std=c17 -O1 -o server servers/linear_scan.c
