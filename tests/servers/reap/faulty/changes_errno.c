/* The handler leaves the errno of its last waitpid behind. */
#include "../reap.h"

static void on_sigchld(int number)
{
    (void)number;
    reap_all();
}

int main(void)
{
    struct sigaction action = {.sa_handler = on_sigchld, .sa_flags = SA_RESTART | SA_NOCLDSTOP};
    int listener = start();
    sigaction(SIGCHLD, &action, NULL);
    for (;;)
        start_child(listener, next_client(listener));
}
