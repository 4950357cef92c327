/* Tries: to write to the log endlessly, and so to fill the storage of the log.
 * Must: be killed at its limit, before it listens. */
#include "hostile.h"

static void attack(void)
{
    for (;;)
        puts("nothing of interest, and much of it");
}
