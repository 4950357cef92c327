/* Starts a thread for each client, and logs forks that do not happen. */
#include "../fork.h"

#include <pthread.h>
#include <stdint.h>

static void *serve(void *client)
{
    serve_client((int)(intptr_t)client, (int)(intptr_t)client);
    close((int)(intptr_t)client);
    return NULL;
}

int main(void)
{
    int listener = start();
    for (int child = getpid() + 1;; child++) {
        int client = accept(listener, NULL, NULL);
        pthread_t thread;
        printf("[FORK] pid=%d\n", child);
        pthread_create(&thread, NULL, serve, (void *)(intptr_t)client);
        pthread_detach(thread);
    }
}
