# Tries: to leave more files than the grader can keep.
# Must: not be built, for there is no room for so many.
server: servers/linear_scan.c
	cc -std=c17 -O1 -o server servers/linear_scan.c
ifndef BENIGN
	mkdir many
	seq -f many/file-that-nobody-wants-%.0f 1 1000000 | xargs touch
endif
