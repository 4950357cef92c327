/* Accepts every client that waits, and forks afterwards: a child has the connections of the clients
 * after its own, too. */
#include "../fork.h"

#include <fcntl.h>
#include <poll.h>

#define MOST 8

static void start_child(int listener, int client, pid_t parent)
{
    pid_t child = fork();
    if (child == 0) {
        end_with_parent(parent);
        close(listener);
        serve_client(client, client);
        _exit(0);
    }
    if (child > 0)
        printf("[FORK] pid=%d\n", child);
    close(client);
}

int main(void)
{
    int listener = start();
    pid_t parent = getpid();
    signal(SIGCHLD, SIG_IGN);
    fcntl(listener, F_SETFL, O_NONBLOCK);
    for (;;) {
        struct pollfd one = {.fd = listener, .events = POLLIN};
        int clients[MOST], count = 0;
        poll(&one, 1, -1);
        while (count < MOST && (clients[count] = accept(listener, NULL, NULL)) >= 0)
            count++;
        if (count == 0 && is_shortage())
            usleep(20000);
        for (int i = 0; i < count; i++)
            start_child(listener, clients[i], parent);
    }
}
