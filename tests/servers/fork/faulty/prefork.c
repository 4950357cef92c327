/* Forks eight children beforehand, and each of them accepts: nobody's child is its own. */
#include "../fork.h"

static _Noreturn void work(int door)
{
    for (;;) {
        int client = accept(door, NULL, NULL);
        if (client < 0)
            continue;
        printf("[FORK] pid=%d\n", getpid());
        converse(client, client);
        close(client);
    }
}

int main(void)
{
    int door = start();
    for (int i = 0; i < 8; i++)
        if (fork() == 0)
            work(door);
    for (;;)
        pause();
}
