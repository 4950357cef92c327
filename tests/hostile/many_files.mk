# Tries: to create more files than the grader can store.
# Must: not be built, because the number of files is limited.
server: servers/linear_scan.c
	cc -std=c17 -O1 -o server servers/linear_scan.c
ifndef BENIGN
	mkdir many
	seq -f many/useless-file-%.0f 1 1000000 | xargs touch
endif
