/* A thread sleeps in waitpid, and SIGCHLD has its default action. */
#include "../reap.h"

#include <pthread.h>

static void *reap(void *nothing)
{
    for (;;) {
        int status;
        pid_t pid = waitpid(-1, &status, 0);
        if (pid > 0)
            log_end(pid, status);
        else
            usleep(5000);
    }
    return nothing;
}

int main(void)
{
    pthread_t reaper;
    int listener = start();
    pthread_create(&reaper, NULL, reap, NULL);
    for (;;)
        start_child(listener, next_client(listener));
}
