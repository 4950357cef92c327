/* Tries: to hold as many descriptors as possible in messages that nobody receives. The kernel counts
 * them for the user, so that the sandbox itself could not send a descriptor any more.
 * Must: be proved, because the sandbox's own limit is higher than the program's. */
#define _GNU_SOURCE

#include "hostile.h"

#include <sys/resource.h>

enum { COPIES = 250 };

/* Fills one pair of sockets with messages. Returns the errno that stopped it. */
static int fill_pair(long *sent)
{
    int pair[2], copies[COPIES];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) < 0)
        return errno;
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof copies)];
    } control = {.head = {CMSG_LEN(sizeof copies), SOL_SOCKET, SCM_RIGHTS}};
    for (int i = 0; i < COPIES; i++)
        copies[i] = 2;
    memcpy(CMSG_DATA(&control.head), copies, sizeof copies);
    struct iovec byte = {"x", 1};
    struct msghdr message = {.msg_iov = &byte, .msg_iovlen = 1};
    message.msg_control = &control;
    message.msg_controllen = sizeof control.room;
    while (sendmsg(pair[0], &message, 0) > 0)
        *sent += COPIES;
    return errno; /* the pair stays open, and with it the messages */
}

static void attack(void)
{
    long sent = 0;
    int stopped_by = EAGAIN;
    for (int pair = 0; pair < 500 && stopped_by == EAGAIN; pair++)
        stopped_by = fill_pair(&sent);
    struct rlimit own;
    getrlimit(RLIMIT_NOFILE, &own);
    if (sent > (long)own.rlim_cur + 2 * COPIES)
        breach("%ld descriptors are in messages", sent);
}
