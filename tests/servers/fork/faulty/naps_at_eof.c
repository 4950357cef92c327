/* The children take end of file for "no bytes yet": they sleep for some milliseconds, and read
 * again. */
#include "../fork.h"

static _Noreturn void serve_forever(int client)
{
    for (;;) {
        serve_client(client, client);
        usleep(2000);
    }
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
            serve_forever(client);
        }
        close(client);
        if (child > 0)
            printf("[FORK] pid=%d\n", child);
    }
}
