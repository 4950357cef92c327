/* The signal handler only sets a flag: pselect fails with EINTR, and then the loop reaps the
 * children. The child logs the fork. */
#include "fork.h"

static volatile sig_atomic_t ended;

static void note(int signal)
{
    (void)signal;
    ended = 1;
}

static int next_client(int listener, sigset_t *asleep)
{
    struct sigaction action = {.sa_handler = note};
    sigaction(SIGCHLD, &action, NULL);
    for (;;) {
        fd_set doors;
        FD_ZERO(&doors);
        FD_SET(listener, &doors);
        /* SIGCHLD is blocked except in pselect. Therefore no SIGCHLD is missed between the check of
         * `ended` and the sleep. */
        int ready = ended ? 0 : pselect(listener + 1, &doors, NULL, NULL, NULL, asleep);
        if (ended) {
            ended = 0;
            while (waitpid(-1, NULL, WNOHANG) > 0)
                printf("a child has ended\n");
        }
        int client = ready > 0 ? accept(listener, NULL, NULL) : -1;
        if (client >= 0)
            return client;
    }
}

int main(void)
{
    sigset_t children, asleep;
    int listener = start();
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    sigprocmask(SIG_BLOCK, &children, &asleep);
    for (;;) {
        int client = next_client(listener, &asleep);
        pid_t child = fork();
        if (child == 0) {
            close(listener);
            printf("[FORK] pid=%d\n", getpid());
            serve_client(client, client);
            _exit(0);
        }
        close(client);
    }
}
