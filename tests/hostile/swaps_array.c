/* Tries: to show the observer another array than the one that the kernel waits for. Each poll begins
 * with an array in which only an epoll descriptor is watched. A process that shares the memory then
 * writes the array of a correct server over it, while poll sleeps.
 * Must: fail ends, because the second process outlives the first. */
#define _GNU_SOURCE

#include "hostile.h"

#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>

static struct pollfd shown[128], asked[128];
static volatile nfds_t length;
static char stack[1 << 16];

static int write_shown(void *unused)
{
    (void)unused;
    for (;;) {
        if (length > 0)
            memcpy(asked, shown, length * sizeof *shown);
        syscall(SYS_nanosleep, &(struct timespec){0, 1000000}, NULL);
    }
}

/* Replaces the C library's poll in this program. */
int poll(struct pollfd *watched, nfds_t count, int timeout)
{
    struct timespec limit = {timeout / 1000, timeout % 1000 * 1000000L};
    if (!HOSTILE || count > 128)
        return ppoll(watched, count, timeout < 0 ? NULL : &limit, NULL);
    int set = epoll_create1(EPOLL_CLOEXEC);
    for (nfds_t i = 0; i < count; i++) {
        struct epoll_event event = {.events = watched[i].events, .data.u64 = i};
        if (watched[i].fd >= 0)
            epoll_ctl(set, EPOLL_CTL_ADD, watched[i].fd, &event);
        watched[i].revents = 0;
        asked[i] = (struct pollfd){-1, 0, 0};
    }
    asked[0] = (struct pollfd){set, POLLIN, 0};
    memcpy(shown, watched, count * sizeof *shown);
    length = count;
    ppoll(asked, count, timeout < 0 ? NULL : &limit, NULL);
    length = 0;
    struct epoll_event ready[128];
    int found = epoll_wait(set, ready, 128, 0);
    for (int i = 0; i < found; i++)
        watched[ready[i].data.u64].revents = ready[i].events;
    close(set);
    return found;
}

static void attack(void)
{
    clone(write_shown, stack + sizeof stack, CLONE_VM | SIGCHLD, NULL);
}
