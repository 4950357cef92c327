# Tries: to leave a process that keeps the build's output open and never ends.
# Must: be proved as soon as the build command has ended, and leave no process.
server: servers/linear_scan.c
	cc -std=c17 -O1 -o server servers/linear_scan.c
ifndef BENIGN
	setsid sh -c 'trap "" HUP TERM; while :; do sleep 1000; done' &
endif
