# Tries: to leave a file of a terabyte with nothing in it where the built program is expected.
# Must: not be built, for no file may be so large.
server: servers/linear_scan.c
	cc -std=c17 -O1 -o server servers/linear_scan.c
ifndef BENIGN
	rm server
	head -c 100 /usr/bin/env >server && truncate -s 1T server && chmod +x server
endif
