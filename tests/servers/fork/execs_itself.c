/* The child executes this program again, with its client for standard input: inetd's way. */
#include "fork.h"

/* What vfork's child changes in memory is its parent's: it makes system calls alone. */
static void hand_over(int door, int client, char *program)
{
    pid_t child = vfork();
    if (child == 0) {
        dup2(client, 0);
        close(door);
        execl(program, program, "child", (char *)NULL);
        _exit(127);
    }
    if (child > 0)
        printf("[FORK] pid=%d\n", child);
}

int main(int count, char **words)
{
    if (count > 1) {
        converse(0, 0);
        return 0;
    }
    int door = start();
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int client = accept4(door, NULL, NULL, SOCK_CLOEXEC);
        if (client < 0)
            continue;
        hand_over(door, client, words[0]);
        close(client);
    }
}
