/* An echo server that peeks (MSG_PEEK) before each read, and replies to a read with two writes. */
#include "listening.h"

static void echo(int client)
{
    char bytes[500];
    while (receive(client, bytes, 1, MSG_PEEK) == 1) {
        ssize_t count = receive(client, bytes, sizeof bytes, 0);
        if (count <= 0 || send_all(client, bytes, 1) == -1)
            return;
        if (send_all(client, bytes + 1, count - 1) == -1)
            return;
    }
}

int main(void)
{
    int listener = listening(AF_INET, 1);
    printf("[START] pid=%d port=%d\n", (int)getpid(), echo_port());
    for (;;) {
        int client = next_client(listener);
        echo(client);
        close_client(client);
    }
}
