/* Tries: to have more memory than its limit, divided among children that each stay below it.
 * Must: be held at the limit, which is that of all of them together, and never listen. */
#include "hostile.h"

static void attack(void)
{
    const size_t share = 128 << 20;
    for (int child = 0; child < 16; child++) {
        if (fork() != 0)
            continue;
        char *block = malloc(share);
        if (block != NULL)
            memset(block, 1, share);
        for (;;)
            pause();
    }
    for (;;)
        pause();
}
