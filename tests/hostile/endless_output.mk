# Tries: to fill whatever keeps the build's output, without end.
# Must: not be built, for it is ended at its limit.
server: servers/linear_scan.c
ifndef BENIGN
	yes 'note: nothing of interest'
endif
	cc -std=c17 -O1 -o server servers/linear_scan.c
