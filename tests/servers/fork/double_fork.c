/* Forks twice: the first child ends at once, and is waited for; the second is an orphan, which
 * whoever adopts it reaps. */
#include "fork.h"

static void hand_over(int door, int client)
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
        close(door);
        converse(client, client);
    } else {
        printf("[FORK] pid=%d by=%d\n", grandchild, getpid());
    }
    _exit(0);
}

int main(void)
{
    int door = start();
    for (;;) {
        int client = accept(door, NULL, NULL);
        if (client < 0)
            continue;
        hand_over(door, client);
        close(client);
    }
}
