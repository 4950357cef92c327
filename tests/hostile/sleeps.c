/* Tries: to hold the grader up by sleeping for ever.
 * Must: fail starts, as soon as it is seen asleep. */
#include "hostile.h"

static void attack(void)
{
    for (;;)
        sleep(1000000);
}
