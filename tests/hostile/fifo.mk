# Tries: to leave a pipe, which blocks whoever opens it, where the built program is expected.
# Must: not be built, and hold nobody up.
server: servers/linear_scan.c
	cc -std=c17 -O1 -o server servers/linear_scan.c
ifndef BENIGN
	rm server
	mkfifo server
endif
