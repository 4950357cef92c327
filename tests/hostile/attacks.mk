# Tries: what a hostile program tries when it runs, while it is built: ATTACK names the program.
# Must: be proved, for a build is kept apart as well as a server.
server: servers/linear_scan.c
ifndef BENIGN
	cc -std=c17 -O1 -pthread -DATTACK -o attack hostile/$(ATTACK).c
	./attack
	rm attack
endif
	cc -std=c17 -O1 -o server servers/linear_scan.c
