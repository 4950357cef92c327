# Tries: to delay the grader with a build that is in a busy loop.
# Must: not be built, because the build is killed when it exceeds a time limit.
server: servers/linear_scan.c
ifndef BENIGN
	while :; do :; done
endif
	cc -std=c17 -O1 -o server servers/linear_scan.c
