/* A thread reaps the children. The main thread holds the lock while it forks. */
#include "fork.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER;
static int children;

static void *reap(void *nothing)
{
    (void)nothing;
    for (;;) {
        pthread_mutex_lock(&lock);
        while (children == 0)
            pthread_cond_wait(&more, &lock);
        pthread_mutex_unlock(&lock);
        if (waitpid(-1, NULL, 0) > 0) {
            pthread_mutex_lock(&lock);
            children--;
            pthread_mutex_unlock(&lock);
        }
    }
    return NULL;
}

int main(void)
{
    pthread_t reaper;
    int listener = start();
    pid_t parent = getpid();
    pthread_create(&reaper, NULL, reap, NULL);
    for (;;) {
        int client = next_client(listener);
        pthread_mutex_lock(&lock);
        pid_t child = fork();
        if (child == 0) {
            end_with_parent(parent);
            close(listener);
            serve_client(client, client);
            _exit(0);
        }
        children += child > 0;
        pthread_cond_signal(&more);
        pthread_mutex_unlock(&lock);
        if (child > 0)
            printf("[FORK] pid=%d\n", child);
        close(client);
    }
}
