/* Tries: to delay the grader with a busy loop, and ignores every signal that can be ignored.
 * Must: fail starts at the time-out, and be killed. */
#include "hostile.h"

#include <signal.h>

static void attack(void)
{
    for (int number = 1; number < 65; number++)
        signal(number, SIG_IGN);
    for (volatile unsigned turns = 0;; turns++)
        ;
}
