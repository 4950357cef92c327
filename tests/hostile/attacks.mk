# Tries: to run the attack of hostile/$(ATTACK).c during the build.
# Must: be proved, because a build is sandboxed, too.
server: servers/linear_scan.c
ifndef BENIGN
	cc -std=c17 -O1 -pthread -DATTACK -o attack hostile/$(ATTACK).c
	./attack
	rm attack
endif
	cc -std=c17 -O1 -o server servers/linear_scan.c
