# Tries: to leave a device where the built program is expected.
# Must: not be built, because it cannot make a device.
server: servers/linear_scan.c
	cc -std=c17 -O1 -o server servers/linear_scan.c
ifndef BENIGN
	rm server
	mknod server c 1 5
endif
