/* The child has its client as standard input and as standard output, as the programs that inetd(8)
 * starts. The parent writes the log. */
#include "fork.h"

int main(void)
{
    signal(SIGCHLD, SIG_IGN);
    int listener = start();
    for (;;) {
        int client = next_client(listener);
        pid_t parent = getpid(), child = fork();
        if (child == 0) {
            end_with_parent(parent);
            close(listener);
            dup2(client, 0);
            dup2(client, 1);
            close(client);
            serve_client(0, 1);
            _exit(0);
        }
        if (child > 0)
            printf("[FORK] pid=%d\n", child);
        close(client);
    }
}
