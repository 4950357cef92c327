/* Tries: to use more memory than its limit, divided among children that each stay below it.
 * Must: be stopped by the limit, which counts all processes together, and never listen. */
#include "hostile.h"

static void attack(void)
{
    const size_t share = 128 << 20;
    for (int child = 0; child < 16; child++) {
        if (fork() != 0)
            continue;
        volatile char *block = malloc(share);
        for (size_t at = 0; block != NULL && at < share; at += 4096)
            block[at] = 1;
        for (;;)
            pause();
    }
    for (;;)
        pause();
}
