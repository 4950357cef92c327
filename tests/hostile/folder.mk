# Tries: to put a folder in the place of the built program.
# Must: not be built, because a folder is not a program.
server: servers/linear_scan.c
	cc -std=c17 -O1 -o server servers/linear_scan.c
ifndef BENIGN
	rm server
	mkdir server
endif
