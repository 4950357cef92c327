/* Logs the child that the signal names (si_pid, si_status), and reaps that one. Of several children
 * that end together, the others are never reaped. */
#include "../reap.h"

static void on_sigchld(int number, siginfo_t *info, void *context)
{
    int saved = errno, status;
    (void)number, (void)context;
    if (waitpid(info->si_pid, &status, WNOHANG) > 0)
        log_end(info->si_pid, status);
    errno = saved;
}

int main(void)
{
    struct sigaction action = {.sa_sigaction = on_sigchld, .sa_flags = SA_RESTART | SA_SIGINFO};
    int listener = start();
    sigaction(SIGCHLD, &action, NULL);
    for (;;)
        start_child(listener, next_client(listener));
}
