# Tries: to delay the grader with a build that never ends.
# Must: not be built, because the build is killed when it exceeds a limit of wall-clock time.
server: servers/linear_scan.c
ifndef BENIGN
	sleep infinity
endif
	cc -std=c17 -O1 -o server servers/linear_scan.c
