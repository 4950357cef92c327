/* Tries: to write to standard error without end and without a newline.
 * Must: be killed when it exceeds the output limit, before it listens. */
#include "hostile.h"

static void attack(void)
{
    static char block[1 << 16];
    memset(block, 'e', sizeof block);
    for (;;)
        fwrite(block, 1, sizeof block, stderr);
}
