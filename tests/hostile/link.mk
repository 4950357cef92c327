# Tries: to leave a link to a program of this machine where the built program is expected.
# Must: not be built, because a link is not accepted as a program.
server: servers/linear_scan.c
	cc -std=c17 -O1 -o server servers/linear_scan.c
ifndef BENIGN
	rm server
	ln -s /usr/bin/python3 server
endif
