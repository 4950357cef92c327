/* A correct server whose log is written by a thread of its own. The thread wakes every NAP
 * milliseconds, and writes the lines that have come since. With -DSLEEPS it sleeps in nanosleep(2),
 * otherwise in pthread_cond_timedwait(3). */
#include "listening.h"
#include "timed_wait.h"

#ifndef NAP
#define NAP 50
#endif

static void nap(void)
{
#ifdef SLEEPS
    usleep(NAP * 1000);
#else
    timed_wait(NAP);
#endif
}

static void *writes_log(void *unused)
{
    for (;;) {
        nap();
        fflush(stdout);
    }
    return unused;
}

int main(void)
{
    static char lines[1 << 16];
    pthread_t helper;
    int listener = listening(AF_INET, 128);
    setvbuf(stdout, lines, _IOFBF, sizeof lines);
    if (pthread_create(&helper, NULL, writes_log, NULL) != 0)
        return EXIT_FAILURE;
    printf("[START] port=%d\n", echo_port());
    for (;;) {
        int client = next_client(listener);
        echo_all(client);
        close_client(client);
    }
}
