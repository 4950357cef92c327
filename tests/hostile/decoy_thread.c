/* Tries: to look like a server that uses poll: one thread sleeps in poll, and another thread serves
 * the clients with select.
 * Must: fail watch-set, because the pollfd array of poll does not contain the clients. */
#define _GNU_SOURCE

#include <poll.h>

static int select_instead(struct pollfd *watched, nfds_t count, int timeout);

#define poll select_instead
#include "hostile.h"
#undef poll

#include <pthread.h>
#include <sys/select.h>

static int hostile;

static int select_instead(struct pollfd *watched, nfds_t count, int timeout)
{
    if (!hostile)
        return poll(watched, count, timeout);
    fd_set in, out;
    FD_ZERO(&in);
    FD_ZERO(&out);
    int last = 0;
    for (nfds_t i = 0; i < count; i++) {
        FD_SET(watched[i].fd, watched[i].events == POLLOUT ? &out : &in);
        last = watched[i].fd > last ? watched[i].fd : last;
    }
    int ready = select(last + 1, &in, &out, NULL, NULL);
    for (nfds_t i = 0; i < count; i++)
        watched[i].revents = FD_ISSET(watched[i].fd, &in) || FD_ISSET(watched[i].fd, &out);
    return ready;
}

static void *park(void *nothing)
{
    struct pollfd alone = {.fd = 0, .events = 0};
    for (;;)
        poll(&alone, 1, -1);
    return nothing;
}

static void attack(void)
{
    pthread_t decoy;
    hostile = pthread_create(&decoy, NULL, park, NULL) == 0;
}
