/* Tries: to have more processes than this machine can bear.
 * Must: be held at its limit, never listen, and be ended whole. */
#include "hostile.h"

static void attack(void)
{
    for (;;)
        fork();
}
