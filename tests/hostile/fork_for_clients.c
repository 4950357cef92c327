/* Tries: to fill the process table after a correct start, with eight processes for each client.
 * Must: stay within the process limit, and fail one-thread. */
#define _GNU_SOURCE
#include <sys/socket.h>

static int accept_and_fork(int listener, struct sockaddr *address, socklen_t *length);

#define accept accept_and_fork
#include "hostile.h"
#undef accept

/* The children keep their inherited descriptors open, and sleep forever. */
static int accept_and_fork(int listener, struct sockaddr *address, socklen_t *length)
{
    for (int more = HOSTILE ? 8 : 0; more > 0; more--)
        if (fork() == 0)
            for (;;)
                pause();
    return accept(listener, address, length);
}

static void attack(void) {}
