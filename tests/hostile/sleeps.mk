# Tries: to hold the grader up with a build that never ends.
# Must: not be built, for it is ended after its wall time.
server: servers/linear_scan.c
ifndef BENIGN
	sleep infinity
endif
	cc -std=c17 -O1 -o server servers/linear_scan.c
