/* The child executes this program again, with the client as standard input, as inetd does. The
 * signal at the parent's end stays set (prctl(2), PR_SET_PDEATHSIG). */
#include "fork.h"

#include <fcntl.h>

/* The child of vfork shares its parent's memory. Therefore the child only makes system calls. */
static void fork_and_exec(int listener, int client, char *program)
{
    char parent[16];
    snprintf(parent, sizeof parent, "%d", getpid());
    pid_t child = vfork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        dup2(client, 0);
        close(listener);
        execl(program, program, parent, (char *)NULL);
        _exit(127);
    }
    if (child > 0)
        printf("[FORK] pid=%d\n", child);
}

int main(int count, char **words)
{
    if (count > 1) {
        if (getppid() != atoi(words[1]))
            return 0;
        serve_client(0, 0);
        return 0;
    }
    int listener = start();
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int client = next_client(listener);
        fcntl(client, F_SETFD, FD_CLOEXEC);
        fork_and_exec(listener, client, words[0]);
        close(client);
    }
}
