/* Included by servers in C that run out of descriptors. accept then fails with EMFILE, and the
 * client stays in the backlog. Include this file after common.h. */
#ifndef RESERVE_H
#define RESERVE_H

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int spare_fd = -1;

static inline void open_spare(void) { spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC); }

/* Whether the last accept has failed because no descriptor is free (accept(2), ERRORS). */
static inline int is_out_of_descriptors(void) { return errno == EMFILE || errno == ENFILE; }

/* Rejects a client by means of the spare descriptor, if the last accept has failed because no
 * descriptor is free. Returns whether a client was rejected. While no descriptor is free, accept
 * fails with EMFILE also if no client waits. */
static inline int reject_by_spare(int listener)
{
    if (!is_out_of_descriptors())
        return 0;
    close(spare_fd);
    int fd = accept(listener, NULL, NULL);
    if (fd >= 0)
        close(fd);
    open_spare();
    return fd >= 0;
}

/* Sleeps for a moment, if the last accept has failed because no descriptor is free. */
static inline void back_off(void)
{
    if (is_out_of_descriptors())
        nanosleep(&(struct timespec){.tv_nsec = 20000000L}, NULL);
}

#endif
