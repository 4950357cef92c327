/* The child closes the connection at end of file, and then computes without a system call. */
#include "../fork.h"

static void compute(void)
{
    for (volatile unsigned long number = 0; number < ~0UL; number++)
        ;
}

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
            close(client);
            compute();
            _exit(0);
        }
        close(client);
        if (child > 0)
            printf("[FORK] pid=%d\n", child);
    }
}
