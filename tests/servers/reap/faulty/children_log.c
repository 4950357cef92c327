/* The children log their own end with status 0, before they exit. The parent only reaps. */
#include "../reap.h"

static void on_sigchld(int number)
{
    int saved = errno;
    (void)number;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
    errno = saved;
}

int main(void)
{
    struct sigaction action = {.sa_handler = on_sigchld, .sa_flags = SA_RESTART | SA_NOCLDSTOP};
    int listener = start();
    pid_t parent = getpid();
    sigaction(SIGCHLD, &action, NULL);
    for (;;) {
        int client = next_client(listener);
        pid_t child = fork();
        if (child == 0) {
            close(listener);
            end_with_parent(parent);
            serve_client(client, client);
            log_end(getpid(), 0);
            _exit(0);
        }
        if (child > 0)
            printf("[FORK] pid=%d\n", child);
        close(client);
    }
}
