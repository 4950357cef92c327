/* Tries: to allocate all the memory of this machine.
 * Must: be killed when it exceeds the memory limit, before it listens. */
#include "hostile.h"

static void attack(void)
{
    for (;;) {
        char *block = malloc(1 << 20);
        if (block != NULL)
            memset(block, 1, 1 << 20);
    }
}
