# Tries: to write build output endlessly, and so to fill its storage.
# Must: not be built, because the build is killed at its limit.
server: servers/linear_scan.c
ifndef BENIGN
	yes 'note: nothing of interest'
endif
	cc -std=c17 -O1 -o server servers/linear_scan.c
