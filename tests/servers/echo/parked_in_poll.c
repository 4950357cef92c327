/* The second thread serves the clients. The first one sleeps for ever in poll without descriptors,
 * or in pause (parked_in_pause.c). */
#include "listening.h"

#include <poll.h>
#include <pthread.h>

static void *serve(void *listener)
{
    for (;;) {
        int client = next_client(*(int *)listener);
        echo_all(client);
        close_client(client);
    }
    return NULL;
}

int main(void)
{
    int listener = listening(AF_INET, 128);
    printf("[START] port=%d\n", echo_port());
    pthread_t thread;
    if (pthread_create(&thread, NULL, serve, &listener) != 0)
        return EXIT_FAILURE;
    for (;;) {
#ifdef PAUSE
        pause();
#else
        poll(NULL, 0, -1);
#endif
    }
}
