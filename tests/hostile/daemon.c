/* Tries: to leave a process that runs longer than its sandbox: a grandchild in a new session, which
 * ignores all signals.
 * Must: fail ends, because SIGTERM does not end that process, and leave no process. */
#include "hostile.h"

#include <signal.h>

static void attack(void)
{
    if (fork() != 0)
        return;
    setsid();
    if (fork() != 0)
        _exit(0);
    for (int number = 1; number < 65; number++)
        signal(number, SIG_IGN);
    for (;;)
        pause();
}
