# Tries: to delay the grader with a build that runs an endless loop.
# Must: not be built, because it is killed at a limit.
server: servers/linear_scan.c
ifndef BENIGN
	while :; do :; done
endif
	cc -std=c17 -O1 -o server servers/linear_scan.c
