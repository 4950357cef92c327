/* Tries: to hold a million descriptors, either open or in unread messages of its own sockets.
 * Must: be proved, because the program's limits stop the attack. */
#define _GNU_SOURCE

#include "hostile.h"

#include <sys/resource.h>

static void send_copies(int from)
{
    int pair[2], copies[200];
    if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair) < 0)
        return;
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof copies)];
    } control = {.head = {CMSG_LEN(sizeof copies), SOL_SOCKET, SCM_RIGHTS}};
    for (int i = 0; i < 200; i++)
        copies[i] = from;
    memcpy(CMSG_DATA(&control.head), copies, sizeof copies);
    struct iovec byte = {"x", 1};
    struct msghdr message = {.msg_iov = &byte, .msg_iovlen = 1};
    message.msg_control = &control;
    message.msg_controllen = sizeof control.room;
    for (long sent = 0; sendmsg(pair[0], &message, 0) > 0; sent += 200)
        if (sent > 1000000)
            breach("a million descriptors are on their way");
    close(pair[0]);
    close(pair[1]);
}

static void attack(void)
{
    struct rlimit most = {.rlim_cur = 2000000, .rlim_max = 2000000};
    if (setrlimit(RLIMIT_NOFILE, &most) == 0)
        breach("it raises its own limit");
    int last = 0;
    for (int fd; (fd = dup(2)) >= 0;)
        last = fd;
    if (last > 1000000)
        breach("it has %d descriptors", last);
    while (last > 2)
        close(last--);
    send_copies(2);
}
