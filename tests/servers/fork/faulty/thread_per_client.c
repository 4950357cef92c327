/* A thread for each client, and a log that speaks of children. */
#include "../fork.h"

#include <pthread.h>
#include <stdint.h>

static void *serve(void *client)
{
    converse((int)(intptr_t)client, (int)(intptr_t)client);
    close((int)(intptr_t)client);
    return NULL;
}

int main(void)
{
    int door = start();
    for (int child = getpid() + 1;; child++) {
        int client = accept(door, NULL, NULL);
        pthread_t thread;
        printf("[FORK] pid=%d\n", child);
        pthread_create(&thread, NULL, serve, (void *)(intptr_t)client);
        pthread_detach(thread);
    }
}
