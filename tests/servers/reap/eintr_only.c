/* The simplest loop: the handler does nothing, accept fails with EINTR, and the loop reaps before
 * each accept. A child that ends between the two is reaped with the next one. */
#include "reap.h"

static void on_sigchld(int number) { (void)number; }

int main(void)
{
    struct sigaction action = {.sa_handler = on_sigchld, .sa_flags = SA_NOCLDSTOP};
    int listener = start();
    sigaction(SIGCHLD, &action, NULL);
    for (;;) {
        reap_all();
        int client = accept(listener, NULL, NULL);
        if (client >= 0)
            start_child(listener, client);
        else if (is_shortage())
            usleep(20000);
        else if (errno != EINTR && errno != ECONNABORTED)
            return EXIT_FAILURE;
    }
}
