/* Reaps in a signal handler. SA_RESTART restarts an accept that the signal has interrupted. */
#include "fork.h"

static void reap(int signal)
{
    int before = errno;
    (void)signal;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
    errno = before;
}

int main(void)
{
    struct sigaction action = {.sa_handler = reap, .sa_flags = SA_RESTART | SA_NOCLDSTOP};
    sigaction(SIGCHLD, &action, NULL);
    int listener = start();
    lead_group();
    for (;;) {
        int client = next_client(listener);
        pid_t child = fork();
        switch (child) {
        case 0:
            signal(SIGTERM, SIG_DFL);
            close(listener);
            serve_client(client, client);
            exit(EXIT_SUCCESS);
        case -1:
            perror("fork");
            break;
        default:
            printf("[FORK] pid=%d fd=%d\n", child, client);
        }
        close(client);
    }
}
