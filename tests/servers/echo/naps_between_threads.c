/* A correct server whose threads hand each client over in memory. The thread that serves naps for a
 * millisecond at a time until it has a client. Both threads compute before they go on, as the
 * threads of the virtual machine of Java do when it stops them for a moment. */
#include "listening.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

static atomic_int handed_over = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t served = PTHREAD_COND_INITIALIZER;

static void compute(long microseconds)
{
    struct timespec begun, now;
    clock_gettime(CLOCK_MONOTONIC, &begun);
    do
        clock_gettime(CLOCK_MONOTONIC, &now);
    while ((now.tv_sec - begun.tv_sec) * 1000000 + (now.tv_nsec - begun.tv_nsec) / 1000 <
           microseconds);
}

static void echo(int client)
{
    char bytes[1 << 14];
    ssize_t count;
    while ((count = receive(client, bytes, sizeof bytes, 0)) > 0)
        for (ssize_t sent = 0, now; sent < count; sent += now) {
            now = send(client, bytes + sent, count - sent, MSG_NOSIGNAL);
            if (now == -1 && errno != EINTR)
                return;
            if (now == -1)
                now = 0;
        }
}

static void *serves(void *unused)
{
    for (;;) {
        int client;
        while ((client = atomic_load(&handed_over)) == -1)
            usleep(1000);
        compute(8000);
        echo(client);
        close_client(client);
        pthread_mutex_lock(&lock);
        atomic_store(&handed_over, -1);
        pthread_cond_signal(&served);
        pthread_mutex_unlock(&lock);
    }
    return unused;
}

int main(void)
{
    pthread_t helper;
    int listener = listening(AF_INET, 128);
    if (pthread_create(&helper, NULL, serves, NULL) != 0)
        return EXIT_FAILURE;
    printf("[START] port=%d\n", echo_port());
    for (;;) {
        int client = next_client(listener);
        compute(8000);
        pthread_mutex_lock(&lock);
        atomic_store(&handed_over, client);
        while (atomic_load(&handed_over) != -1)
            pthread_cond_wait(&served, &lock);
        pthread_mutex_unlock(&lock);
    }
}
