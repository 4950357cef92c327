# Tries: to leave a sparse file of a terabyte where the built program is expected.
# Must: not be built, because files have a limit of size.
server: servers/linear_scan.c
	cc -std=c17 -O1 -o server servers/linear_scan.c
ifndef BENIGN
	rm server
	head -c 100 /usr/bin/env >server && truncate -s 1T server && chmod +x server
endif
