# Tries: to leave a FIFO where the built program is expected: opening it blocks.
# Must: not be built, and delay nothing.
server: servers/linear_scan.c
	cc -std=c17 -O1 -o server servers/linear_scan.c
ifndef BENIGN
	rm server
	mkfifo server
endif
