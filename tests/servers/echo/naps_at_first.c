/* A correct server whose threads wait for each other when it starts and when it ends, as those of the
 * virtual machine of Java do: a helper thread naps 15 times for 10 ms, and the first thread waits for
 * the helper. */
#include "listening.h"

#include <pthread.h>
#include <time.h>

static void nap(void)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_nsec += 10 * 1000000L;
    end.tv_sec += end.tv_nsec / 1000000000L;
    end.tv_nsec %= 1000000000L;
    pthread_mutex_lock(&lock);
    pthread_cond_timedwait(&never, &lock, &end);
    pthread_mutex_unlock(&lock);
}

static void *naps(void *unused)
{
    for (int count = 0; count < 15; count++)
        nap();
    return unused;
}

static void wait_for_helper(void)
{
    pthread_t helper;
    if (pthread_create(&helper, NULL, naps, NULL) == 0)
        pthread_join(helper, NULL);
}

int main(void)
{
    wait_for_helper();
    atexit(wait_for_helper);
    int listener = listening(AF_INET, 128);
    printf("[START] port=%d\n", echo_port());
    for (;;) {
        int client = next_client(listener);
        echo_all(client);
        close_client(client);
    }
}
