/* The child executes this program again, with the client as standard input, as inetd does. */
#include "fork.h"

/* The child of vfork shares its parent's memory. Therefore the child only makes system calls. */
static void fork_twice(int listener, int client, char *program)
{
    pid_t child = vfork();
    if (child == 0) {
        dup2(client, 0);
        close(listener);
        execl(program, program, "child", (char *)NULL);
        _exit(127);
    }
    if (child > 0)
        printf("[FORK] pid=%d\n", child);
}

int main(int count, char **words)
{
    if (count > 1) {
        serve_client(0, 0);
        return 0;
    }
    int listener = start();
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (client < 0)
            continue;
        fork_twice(listener, client, words[0]);
        close(client);
    }
}
