/* Tries: to delay the grader by sleeping forever.
 * Must: fail starts as soon as the program is asleep. */
#include "hostile.h"

static void attack(void)
{
    for (;;)
        sleep(1000000);
}
