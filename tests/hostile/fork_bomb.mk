# Tries: to start more processes than this machine can run, during the build.
# Must: not be built, and all processes of the build must be killed.
server: servers/linear_scan.c
ifndef BENIGN
	bomb() { bomb | bomb & }; while :; do bomb; done
endif
	cc -std=c17 -O1 -o server servers/linear_scan.c
