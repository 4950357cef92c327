/* Tries: to hold more memory than the limit in the buffers of TCP connections with itself.
 * Must: be killed because of its memory, and never listen. */
#define _GNU_SOURCE

#include "hostile.h"

#include <arpa/inet.h>

enum { PAIRS = 600 };

static void attack(void)
{
    static char bytes[1 << 16];
    struct sockaddr_in own = {.sin_family = AF_INET};
    own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof own;
    int listener = socket(AF_INET, SOCK_STREAM, 0), size = 8 << 20;
    bind(listener, (struct sockaddr *)&own, sizeof own);
    listen(listener, 16);
    getsockname(listener, (struct sockaddr *)&own, &length);
    long held = 0;
    for (int pair = 0; pair < PAIRS && held < 1L << 30; pair++) {
        int from = socket(AF_INET, SOCK_STREAM, 0);
        setsockopt(from, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
        if (connect(from, (struct sockaddr *)&own, sizeof own) < 0)
            break;
        int to = accept(listener, NULL, NULL);
        setsockopt(to, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
        for (ssize_t sent; (sent = send(from, bytes, sizeof bytes, MSG_DONTWAIT)) > 0;)
            held += sent;
    }
    for (;;)
        pause();
}
