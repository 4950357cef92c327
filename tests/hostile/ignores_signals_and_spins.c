/* Tries: to hold the grader up by computing for ever, deaf to every signal that can be ignored.
 * Must: fail starts at the time-out, and be ended. */
#include "hostile.h"

#include <signal.h>

static void attack(void)
{
    for (int number = 1; number < 65; number++)
        signal(number, SIG_IGN);
    for (volatile unsigned turns = 0;; turns++)
        ;
}
