/* The children treat end of file as "no data yet", and read again immediately. */
#include "../fork.h"

static void serve_forever(int client)
{
    for (;;)
        serve_client(client, client);
}

int main(void)
{
    int listener = start();
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int client = accept(listener, NULL, NULL);
        pid_t child = client < 0 ? -1 : fork();
        if (child == 0) {
            close(listener);
            serve_forever(client);
        }
        close(client);
        if (child > 0)
            printf("[FORK] pid=%d\n", child);
    }
}
