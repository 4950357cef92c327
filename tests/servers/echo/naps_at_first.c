/* A correct server whose threads wait for each other when it starts and when it ends, as those of the
 * virtual machine of Java do: a helper thread naps 15 times for 10 ms, and the first thread waits for
 * the helper. */
#include "listening.h"
#include "timed_wait.h"

static void *naps(void *unused)
{
    for (int count = 0; count < 15; count++)
        timed_wait(10);
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
