/* Tries: to start more processes than this machine can run.
 * Must: stay within the process limit, never listen, and be killed with all its processes. */
#include "hostile.h"

static void attack(void)
{
    for (;;)
        fork();
}
