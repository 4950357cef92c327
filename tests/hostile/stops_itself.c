/* Tries: to make the observer wait for a process that cannot run: it stops itself, and its parent
 * waits for it in vfork(2), where no signal handler runs.
 * Must: fail starts within the time of one check. */
#define _GNU_SOURCE

#include "hostile.h"

#include <signal.h>

static void attack(void)
{
    signal(SIGTERM, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    if (vfork() == 0) {
        raise(SIGSTOP);
        _exit(0);
    }
}
