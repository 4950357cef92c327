# Tries: to put a symbolic link to a program of this machine in the place of the built program.
# Must: not be built, because a symbolic link is not accepted as a program.
server: servers/linear_scan.c
	cc -std=c17 -O1 -o server servers/linear_scan.c
ifndef BENIGN
	rm server
	ln -s /usr/bin/python3 server
endif
