/* Tries: to kill every process that the program may signal, especially its parent and process 1.
 * Must: be proved, because the program's sandbox contains no other process. */
#include "hostile.h"

#include <signal.h>

static void attack(void)
{
    signal(SIGTERM, SIG_IGN);
    for (pid_t pid = 2; pid < 70000; pid++)
        if (pid != getpid() && kill(pid, SIGKILL) == 0)
            breach("it ended process %d", pid);
    kill(getppid(), SIGKILL);
    kill(1, SIGKILL);
    kill(-1, SIGKILL);
    signal(SIGTERM, SIG_DFL);
}
