/* Prints WEXITSTATUS for every child, also for a child that was killed. */
#include "../reap.h"

static void on_sigchld(int number)
{
    int saved = errno, status;
    pid_t pid;
    (void)number;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        char line[64];
        int length = snprintf(line, sizeof line, "[REAP] pid=%d status=%d\n", pid,
                              WEXITSTATUS(status));
        if (write(STDOUT_FILENO, line, (size_t)length) < 0)
            break;
    }
    errno = saved;
}

int main(void)
{
    struct sigaction action = {.sa_handler = on_sigchld, .sa_flags = SA_RESTART | SA_NOCLDSTOP};
    int listener = start();
    sigaction(SIGCHLD, &action, NULL);
    for (;;)
        start_child(listener, next_client(listener));
}
