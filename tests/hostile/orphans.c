/* Tries: to leave a process to the next run: an orphan of a subreaper of the program's own, in a
 * session of its own.
 * Must: fail ends, because the orphan is seen, and leave no process. */
#define _GNU_SOURCE

#include "hostile.h"

#include <signal.h>

#include <sys/prctl.h>

static void attack(void)
{
    if (fork() != 0)
        return;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    setsid();
    for (int signal_number = 1; signal_number < 32; signal_number++)
        signal(signal_number, SIG_IGN);
    for (int level = 0; level < 8; level++)
        if (fork() != 0 && level % 2)
            _exit(0);
    for (;;)
        pause();
}
