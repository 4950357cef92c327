# Tries: to fill every file system that the build can write to.
# Must: be proved, because the build's limits stop the attack, and because the build frees the space
# again.
server: servers/linear_scan.c
ifndef BENIGN
	-for n in 1 2 3 4 5 6 7 8 9; do head -c 100G /dev/zero >full-$$n; done
	-head -c 100G /dev/zero >/tmp/full
	rm -f full-* /tmp/full
endif
	cc -std=c17 -O1 -o server servers/linear_scan.c
