/* The handler writes a byte to a pipe, and poll waits for the pipe and for clients. Both ends of the
 * pipe are non-blocking: a full pipe already has a byte that wakes poll. */
#include "reap.h"

#include <fcntl.h>
#include <poll.h>

static int ends[2];

static void on_sigchld(int number)
{
    int saved = errno;
    (void)number;
    if (write(ends[1], "", 1) < 0)
        errno = saved;
    errno = saved;
}

int main(void)
{
    struct sigaction action = {.sa_handler = on_sigchld, .sa_flags = SA_RESTART | SA_NOCLDSTOP};
    int listener = start(), client;
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
        return EXIT_FAILURE;
    sigaction(SIGCHLD, &action, NULL);
    fcntl(listener, F_SETFL, O_NONBLOCK);
    for (;;) {
        char bytes[64];
        struct pollfd watched[] = {{listener, POLLIN, 0}, {ends[0], POLLIN, 0}};
        if (poll(watched, 2, -1) < 0)
            continue;
        while (read(ends[0], bytes, sizeof bytes) > 0)
            ;
        reap_all();
        if (!watched[0].revents)
            continue;
        if ((client = accept(listener, NULL, NULL)) >= 0)
            start_child(listener, client);
        else if (is_shortage())
            usleep(20000);
    }
}
