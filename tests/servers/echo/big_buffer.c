/* An echo server with a large buffer and the backlog 0. It accepts clients over IPv6 and IPv4. */
#include "listening.h"

static char bytes[8 << 20];

int main(void)
{
    int listener = listening(AF_INET6, 0);
    printf("listening, at last\n[START] port=%d family=6\n", echo_port());
    for (;;) {
        int client = next_client(listener);
        ssize_t count;
        while ((count = receive(client, bytes, sizeof bytes, 0)) > 0)
            if (send_all(client, bytes, count) == -1)
                break;
        shutdown(client, SHUT_RDWR);
        close_client(client);
    }
}
