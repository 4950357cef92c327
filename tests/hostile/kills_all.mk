# Tries: to kill every process that the build may signal.
# Must: not be built, because the attack kills only the processes of this build.
server: servers/linear_scan.c
ifndef BENIGN
	trap '' TERM; kill -KILL 1; kill -KILL -1
endif
	cc -std=c17 -O1 -o server servers/linear_scan.c
