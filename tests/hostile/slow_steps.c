/* Tries: to take 4 s for each step, so that its proof takes many minutes of the class's time.
 * Must: not be proved. The proof ends after the submission's budget, and says that the criteria
 * that were not reached were not run. */
#define _GNU_SOURCE

#include "hostile.h"

#include <dlfcn.h>

/* Replaces the C library's poll in this program. */
int poll(struct pollfd *watched, nfds_t count, int timeout)
{
    struct timespec limit = {timeout / 1000, timeout % 1000 * 1000000L};
    int ready = ppoll(watched, count, timeout < 0 ? NULL : &limit, NULL);
    if (HOSTILE && ready > 0)
        sleep(4);
    return ready;
}

static void attack(void)
{
}
