/* Reaps and logs in the handler. SIGCHLD is blocked from fork until the [FORK] line is written. */
#include "reap.h"

static void on_sigchld(int number)
{
    int saved = errno;
    (void)number;
    reap_all();
    errno = saved;
}

int main(void)
{
    struct sigaction action = {.sa_handler = on_sigchld, .sa_flags = SA_RESTART | SA_NOCLDSTOP};
    int listener = start();
    sigaction(SIGCHLD, &action, NULL);
    for (;;) {
        int client = next_client(listener);
        mask_sigchld(SIG_BLOCK);
        start_child(listener, client);
        mask_sigchld(SIG_UNBLOCK);
    }
}
