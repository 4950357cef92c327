/* A thread accepts SIGCHLD with sigwait, and reaps. All threads have blocked the signal. */
#include "reap.h"

#include <pthread.h>

static void *reap(void *set)
{
    int number;
    while (sigwait(set, &number) == 0)
        reap_all();
    return NULL;
}

int main(void)
{
    static sigset_t set;
    pthread_t reaper;
    int listener = start();
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    pthread_create(&reaper, NULL, reap, &set);
    for (;;)
        start_child(listener, next_client(listener));
}
