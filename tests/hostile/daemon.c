/* Tries: to outlive its sandbox, as a grandchild in its own session that ignores signals.
 * Must: be proved, because its server is correct, and leave no process. */
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
