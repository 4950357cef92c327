/* A short correct server: it serves one client at a time, with read and write. */
#include "listening.h"

static void echo(int client)
{
    char bytes[4096];
    ssize_t count;
    while ((count = read(client, bytes, sizeof bytes)) != 0) {
        if (count == -1 && errno == EINTR)
            continue;
        if (count == -1)
            return;
        for (ssize_t sent = 0, now; sent < count; sent += now) {
            now = write(client, bytes + sent, count - sent);
            if (now == -1 && errno == EINTR)
                now = 0;
            if (now == -1)
                return;
        }
    }
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    int listener = listening(AF_INET, 5);
    printf("[START] port=%d\n", echo_port());
    for (;;) {
        int client = accept(listener, NULL, NULL);
        if (client == -1) {
            perror("accept");
            usleep(100 * 1000);
            continue;
        }
        printf("[ACCEPT] fd=%d\n", client);
        echo(client);
        close(client);
        printf("[DISCONNECT] fd=%d\n", client);
    }
}
