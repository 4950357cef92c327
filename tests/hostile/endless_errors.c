/* Tries: to write to standard error endlessly, without a newline.
 * Must: be killed at its limit, before it listens. */
#include "hostile.h"

static void attack(void)
{
    static char block[1 << 16];
    memset(block, 'e', sizeof block);
    for (;;)
        fwrite(block, 1, sizeof block, stderr);
}
