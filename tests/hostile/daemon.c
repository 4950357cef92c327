/* Tries: to outlive its box, as a grandchild in a session of its own that ignores signals.
 * Must: be proved, for its server is right, and leave no process. */
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
