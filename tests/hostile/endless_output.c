/* Tries: to fill the log, and whatever keeps it, without end.
 * Must: be ended at its limit, before it listens. */
#include "hostile.h"

static void attack(void)
{
    for (;;)
        puts("nothing of interest, and much of it");
}
