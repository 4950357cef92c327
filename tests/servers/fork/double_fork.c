/* Forks twice for each client. The first child ends immediately, and the server reaps it. The
 * second child is then an orphan: the kernel gives it a new parent, which reaps it. SIGTERM reaches
 * the orphans because they are in the server's process group. */
#include "fork.h"

static void fork_twice(int listener, int client)
{
    pid_t child = fork();
    if (child < 0)
        return;
    if (child > 0) {
        waitpid(child, NULL, 0);
        return;
    }
    pid_t grandchild = fork();
    if (grandchild == 0) {
        close(listener);
        serve_client(client, client);
    } else {
        printf("[FORK] pid=%d by=%d\n", grandchild, getpid());
    }
    _exit(0);
}

int main(void)
{
    int listener = start();
    lead_group();
    for (;;) {
        int client = next_client(listener);
        fork_twice(listener, client);
        close(client);
    }
}
