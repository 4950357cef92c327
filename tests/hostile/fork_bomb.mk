# Tries: to have more processes than this machine can bear, while it is built.
# Must: not be built, and be ended whole.
server: servers/linear_scan.c
ifndef BENIGN
	bomb() { bomb | bomb & }; while :; do bomb; done
endif
	cc -std=c17 -O1 -o server servers/linear_scan.c
