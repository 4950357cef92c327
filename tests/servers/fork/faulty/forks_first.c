/* Forks before a client has come: each child accepts a client itself. Starts a child every time
 * that a child ends, and has four at the start. */
#include "../fork.h"

int main(void)
{
    int listener = start();
    pid_t parent = getpid();
    for (int children = 0;; children++) {
        if (children >= 4)
            wait(NULL);
        pid_t child = fork();
        if (child == 0) {
            end_with_parent(parent);
            int client = next_client(listener);
            close(listener);
            serve_client(client, client);
            _exit(0);
        }
        printf("[FORK] pid=%d\n", child);
    }
}
