/* SIGTERM to the server reaches every child, but each child has a handler for it, and goes on. */
#include "../fork.h"

static void go_on(int signal_number)
{
    (void)signal_number;
}

int main(void)
{
    lead_group();
    signal(SIGCHLD, SIG_IGN);
    int listener = start();
    for (;;) {
        int client = next_client(listener);
        pid_t child = fork();
        if (child == 0) {
            signal(SIGTERM, go_on);
            close(listener);
            serve_client(client, client);
            _exit(0);
        }
        close(client);
        if (child > 0)
            printf("[FORK] pid=%d\n", child);
    }
}
