/* Tries: to fill standard error without end and without a newline.
 * Must: be ended at its limit, before it listens. */
#include "hostile.h"

static void attack(void)
{
    static char block[1 << 16];
    memset(block, 'e', sizeof block);
    for (;;)
        fwrite(block, 1, sizeof block, stderr);
}
