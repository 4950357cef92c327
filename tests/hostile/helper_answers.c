/* Tries: to let a helper process serve the clients, while the observed process only logs them.
 * Must: fail slots, because in the observed process, the logged descriptors are not connections to
 * the clients. */
#define _GNU_SOURCE

#include "hostile.h"

/* Serves every client, but logs nothing. */
static void help(int listener)
{
    struct pollfd watched[64] = {{.fd = listener, .events = POLLIN}};
    int count = 1;
    for (;;) {
        poll(watched, count, -1);
        if (watched[0].revents && count < 64)
            watched[count++] = (struct pollfd){accept(listener, NULL, NULL), POLLIN, 0};
        char bytes[4096];
        for (int i = count - 1; i > 0; i--)
            if (watched[i].revents && read(watched[i].fd, bytes, sizeof bytes) <= 0) {
                close(watched[i].fd);
                watched[i] = watched[--count];
            }
    }
}

static void attack(void)
{
    int listener = listen_on(port_setting());
    log_start(max_clients_setting());
    if (fork() == 0)
        help(listener);
    struct pollfd watched = {.fd = listener, .events = POLLIN};
    for (int slot = 0;; slot++) {
        poll(&watched, 1, -1);
        log_accept(slot + 4, slot);
        while (poll(&watched, 1, 0) > 0)
            ;
    }
}
