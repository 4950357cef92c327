/* Tries: to write to the log without end, until the storage of the log is full.
 * Must: be killed when it exceeds the output limit, before it listens. */
#include "hostile.h"

static void attack(void)
{
    for (;;)
        puts("nothing of interest, and much of it");
}
