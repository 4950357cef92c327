# Tries: to put a device file in the place of the built program.
# Must: not be built, because the build is not permitted to create a device file.
server: servers/linear_scan.c
	cc -std=c17 -O1 -o server servers/linear_scan.c
ifndef BENIGN
	rm server
	mknod server c 1 5
endif
