# Tries: to print without end during the build, until the storage of the build output is full.
# Must: not be built, because the build is killed when it exceeds the output limit.
server: servers/linear_scan.c
ifndef BENIGN
	yes 'note: nothing of interest'
endif
	cc -std=c17 -O1 -o server servers/linear_scan.c
