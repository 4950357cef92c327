# Tries: to put a FIFO in the place of the built program, because opening a FIFO blocks.
# Must: not be built, and not delay the grader.
server: servers/linear_scan.c
	cc -std=c17 -O1 -o server servers/linear_scan.c
ifndef BENIGN
	rm server
	mkfifo server
endif
