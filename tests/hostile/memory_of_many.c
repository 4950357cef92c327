/* Tries: to have more memory than its limit, divided among children that each stay below it.
 * Must: be held at the limit, which is that of all of them together, and never listen. */
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
