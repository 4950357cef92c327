/* Forks eight children in advance. These children accept the clients. Therefore no client has a
 * child of its own. */
#include "../fork.h"

static _Noreturn void work(int listener)
{
    for (;;) {
        int client = accept(listener, NULL, NULL);
        if (client < 0)
            continue;
        printf("[FORK] pid=%d\n", getpid());
        serve_client(client, client);
        close(client);
    }
}

int main(void)
{
    int listener = start();
    for (int i = 0; i < 8; i++)
        if (fork() == 0)
            work(listener);
    for (;;)
        pause();
}
