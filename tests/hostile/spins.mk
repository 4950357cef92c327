# Tries: to hold the grader up with a build that computes for ever.
# Must: not be built, for it is ended at a limit.
server: servers/linear_scan.c
ifndef BENIGN
	while :; do :; done
endif
	cc -std=c17 -O1 -o server servers/linear_scan.c
