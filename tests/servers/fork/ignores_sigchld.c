/* Ignores SIGCHLD, so that the kernel reaps its children. */
#include "fork.h"

int main(void)
{
    int listener = start();
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int client = accept(listener, NULL, NULL);
        if (client < 0)
            continue;
        pid_t child = fork();
        if (child == 0) {
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
