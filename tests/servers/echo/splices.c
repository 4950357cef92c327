/* A correct server that moves the bytes with splice(2), through a pipe of its own. Another thread
 * does nothing but wake up once a second. */
#define _GNU_SOURCE
#include "listening.h"

#include <fcntl.h>
#include <pthread.h>

static void *wakes_each_second(void *unused)
{
    for (;;)
        sleep(1);
    return unused;
}

/* Moves bytes from one descriptor to another, and sleeps until there are some. */
static ssize_t move(int from, int to, size_t most)
{
    ssize_t count;
    do
        count = splice(from, NULL, to, NULL, most, SPLICE_F_MOVE);
    while (count == -1 && errno == EINTR);
    return count;
}

/* Sends a client's bytes back. Returns whether the pipe is empty afterwards. */
static int echo(int client, const int pipe_ends[2])
{
    ssize_t in;
    while ((in = move(client, pipe_ends[1], 1 << 16)) > 0)
        for (ssize_t out; in > 0; in -= out)
            if ((out = move(pipe_ends[0], client, (size_t)in)) <= 0)
                return 0;
    return 1;
}

int main(void)
{
    int pipe_ends[2];
    pthread_t helper;
    signal(SIGPIPE, SIG_IGN);
    int listener = listening(AF_INET, 128);
    if (pipe(pipe_ends) == -1 || pthread_create(&helper, NULL, wakes_each_second, NULL) != 0)
        return EXIT_FAILURE;
    printf("[START] port=%d\n", echo_port());
    for (;;) {
        int client = next_client(listener);
        if (!echo(client, pipe_ends)) {
            /* Bytes of a client that has left must not reach the next one. */
            char bytes[4096];
            fcntl(pipe_ends[0], F_SETFL, O_NONBLOCK);
            while (read(pipe_ends[0], bytes, sizeof bytes) > 0)
                continue;
            fcntl(pipe_ends[0], F_SETFL, 0);
        }
        close_client(client);
    }
}
