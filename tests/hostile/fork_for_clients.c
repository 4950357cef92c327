/* Tries: to fill the process table once it is trusted, with the first client.
 * Must: be held at its limit, and fail one-thread. */
#include <sys/socket.h>

static int accept_and_fork(int listener, struct sockaddr *address, socklen_t *length);

#define accept accept_and_fork
#include "hostile.h"
#undef accept

/* Its children hold what they were born with, and sleep. */
static int accept_and_fork(int listener, struct sockaddr *address, socklen_t *length)
{
    pid_t child = 1;
    while (HOSTILE && (child = fork()) > 0)
        ;
    while (child == 0)
        pause();
    return accept(listener, address, length);
}

static void attack(void) {}
