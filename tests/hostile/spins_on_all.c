/* Tries: to take all processors from the programs that are graded beside it.
 * Must: not be proved, because its processes are seen. The grades of the others stay the same. */
#define _GNU_SOURCE

#include "hostile.h"

#include <sys/resource.h>

static void attack(void)
{
    setpriority(PRIO_PROCESS, 0, -20);
    for (int child = 0; child < 3; child++)
        if (fork() == 0)
            for (;;)
                ;
}
