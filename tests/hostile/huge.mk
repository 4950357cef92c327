# Tries: to put a sparse file of one terabyte in the place of the built program.
# Must: not be built, because the size of a file is limited.
server: servers/linear_scan.c
	cc -std=c17 -O1 -o server servers/linear_scan.c
ifndef BENIGN
	rm server
	head -c 100 /usr/bin/env >server && truncate -s 1T server && chmod +x server
endif
