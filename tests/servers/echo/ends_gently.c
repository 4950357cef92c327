/* After SIGTERM, the connected client has half a second to finish, in steps of 100 ms. Then the
 * program ends with status 0. */
#include "listening.h"

#include <poll.h>

static volatile sig_atomic_t is_ending;

static void end(int signal)
{
    (void)signal;
    is_ending = 1;
}

/* Whether the client sends more within half a second. */
static int has_more(int client)
{
    struct pollfd one = {.fd = client, .events = POLLIN};
    for (int left = 5; left > 0; left--)
        if (poll(&one, 1, 100) > 0)
            return 1;
    return 0;
}

static void echo(int client)
{
    char bytes[65536];
    for (;;) {
        ssize_t count = read(client, bytes, sizeof bytes);
        if (count == -1 && errno == EINTR && (!is_ending || has_more(client)))
            continue;
        if (count <= 0)
            return;
        for (ssize_t sent = 0, now; sent < count; sent += now) {
            now = write(client, bytes + sent, count - sent);
            if (now == -1 && errno == EINTR && !is_ending)
                now = 0;
            if (now == -1)
                return;
        }
    }
}

int main(void)
{
    struct sigaction action = {.sa_handler = end};
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    int listener = listening(AF_INET, 128);
    printf("[START] port=%d\n", echo_port());
    while (!is_ending) {
        int client = accept(listener, NULL, NULL);
        if (client == -1) {
            if (errno != EINTR)
                usleep(20 * 1000);
            continue;
        }
        printf("[ACCEPT] fd=%d\n", client);
        echo(client);
        close_client(client);
    }
}
