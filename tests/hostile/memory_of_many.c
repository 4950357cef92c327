/* Tries: to use more memory than the limit, with children that each use less than the limit.
 * Must: be killed, because the limit applies to all processes together, and never listen. */
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
