/* Its children take an end of file for "nothing yet", and ask again at once. */
#include "../fork.h"

static void converse_for_ever(int client)
{
    for (;;)
        converse(client, client);
}

int main(void)
{
    int door = start();
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int client = accept(door, NULL, NULL);
        pid_t child = client < 0 ? -1 : fork();
        if (child == 0) {
            close(door);
            converse_for_ever(client);
        }
        close(client);
        if (child > 0)
            printf("[FORK] pid=%d\n", child);
    }
}
