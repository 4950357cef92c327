/* Tries: to take the network from the programs that are graded beside it: a child sends as fast as
 * it can over the loopback interface.
 * Must: not be proved, because the child is seen. The grades of the others stay the same. */
#define _GNU_SOURCE

#include "hostile.h"

#include <arpa/inet.h>

static void attack(void)
{
    static char bytes[1 << 16];
    struct sockaddr_in own = {.sin_family = AF_INET};
    own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof own;
    if (fork() != 0)
        return;
    int listener = socket(AF_INET, SOCK_STREAM, 0), from = socket(AF_INET, SOCK_STREAM, 0);
    bind(listener, (struct sockaddr *)&own, sizeof own);
    listen(listener, 1);
    getsockname(listener, (struct sockaddr *)&own, &length);
    connect(from, (struct sockaddr *)&own, sizeof own);
    int to = accept(listener, NULL, NULL);
    for (;;) {
        send(from, bytes, sizeof bytes, MSG_DONTWAIT);
        recv(to, bytes, sizeof bytes, MSG_DONTWAIT);
    }
}
