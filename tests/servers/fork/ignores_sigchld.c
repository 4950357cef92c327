/* Ignores SIGCHLD, so that the kernel reaps its children. */
#include "fork.h"

int main(void)
{
    int listener = start();
    pid_t parent = getpid();
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int client = next_client(listener);
        pid_t child = fork();
        if (child == 0) {
            end_with_parent(parent);
            close(listener);
            serve_client(client, client);
            _exit(0);
        }
        close(client);
        if (child > 0)
            printf("[FORK] pid=%d\n", child);
        else
            perror("fork");
    }
}
