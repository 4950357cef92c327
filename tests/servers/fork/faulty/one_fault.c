/* A fork server with one fault, which a macro chooses:
 *
 *   WRITES_TWICE   the rest of a short write is written once, and may be short, too
 *   RETRIES_EPIPE  a send that fails with EPIPE is tried again, after a nap
 * Without a macro, there is no fault. */
#include "../fork.h"

static char text[65536];

static void send_back(int client, ssize_t count)
{
    for (ssize_t sent = 0, once, writes = 0; sent < count; sent += once) {
#ifdef WRITES_TWICE
        if (writes == 2)
            break;
#endif
        once = write(client, text + sent, (size_t)(count - sent));
        writes++;
#ifdef RETRIES_EPIPE
        while (once < 0 && errno == EPIPE) {
            usleep(10000);
            once = write(client, text + sent, (size_t)(count - sent));
        }
#endif
        if (once < 0 && errno != EINTR)
            _exit(0);
        if (once < 0)
            once = 0;
    }
}

static void converse(int client)
{
    ssize_t count;
    while ((count = read(client, text, sizeof text)) > 0 || (count < 0 && errno == EINTR)) {
        for (ssize_t i = 0; i < count; i++)
            if (isalpha((unsigned char)text[i]))
                text[i] ^= 0x20;
        send_back(client, count);
    }
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_IGN);
    int listener = start();
    for (;;) {
        int client = next_client(listener);
        pid_t parent = getpid(), child = fork();
        if (child == 0) {
            close(listener);
            end_with_parent(parent);
            converse(client);
            _exit(0);
        }
        close(client);
        if (child > 0)
            printf("[FORK] pid=%d\n", child);
    }
}
