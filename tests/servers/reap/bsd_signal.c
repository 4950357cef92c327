/* Installs the handler with signal(2), which restarts calls in glibc, and gets SIGCHLD also when a
 * child is stopped. Asks with waitid, whose result has a code in place of the bits. */
#include "reap.h"

static void on_sigchld(int number)
{
    int saved = errno;
    siginfo_t info;
    (void)number;
    for (;;) {
        char line[80];
        info.si_pid = 0;
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG) < 0 || info.si_pid == 0)
            break;
        const char *key = info.si_code == CLD_EXITED ? "status" : "signal";
        int length = snprintf(line, sizeof line, "[REAP] pid=%d %s=%d uid=%d\n", info.si_pid, key,
                              info.si_status, (int)info.si_uid);
        if (write(STDOUT_FILENO, line, (size_t)length) < 0)
            break;
    }
    errno = saved;
}

int main(void)
{
    int listener = start();
    signal(SIGCHLD, on_sigchld);
    for (;;)
        start_child(listener, next_client(listener));
}
