/* The signal handlers only set flags: pselect fails with EINTR, and then the loop reaps the
 * children, or ends them and the server. The child logs the fork. */
#include "fork.h"

static volatile sig_atomic_t child_ended, told_to_end;

/* The children that run. A place with 0 is free. */
static pid_t children[1000];

static void note(int signal)
{
    if (signal == SIGCHLD)
        child_ended = 1;
    else
        told_to_end = 1;
}

static void replace(pid_t old, pid_t new)
{
    for (int i = 0; i < 1000; i++) {
        if (children[i] == old) {
            children[i] = new;
            return;
        }
    }
}

static void handle_signals(void)
{
    pid_t child;
    if (told_to_end) {
        for (int i = 0; i < 1000; i++)
            if (children[i] > 0)
                kill(children[i], SIGKILL);
        exit(EXIT_SUCCESS);
    }
    child_ended = 0;
    while ((child = waitpid(-1, NULL, WNOHANG)) > 0) {
        replace(child, 0);
        printf("a child has ended\n");
    }
}

static int wait_client(int listener, sigset_t *asleep)
{
    for (;;) {
        fd_set doors;
        FD_ZERO(&doors);
        FD_SET(listener, &doors);
        /* The signals are blocked except in pselect. Therefore no signal is missed between the
         * check of the flags and the sleep. */
        int ready = pselect(listener + 1, &doors, NULL, NULL, NULL, asleep);
        if (child_ended || told_to_end)
            handle_signals();
        if (ready <= 0)
            continue;
        int client = accept(listener, NULL, NULL);
        if (client >= 0)
            return client;
        if (is_shortage())
            usleep(20000);
    }
}

int main(void)
{
    sigset_t blocked, asleep;
    struct sigaction action = {.sa_handler = note};
    int listener = start();
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGCHLD);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, &asleep);
    sigaction(SIGCHLD, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    for (;;) {
        int client = wait_client(listener, &asleep);
        pid_t child = fork();
        if (child == 0) {
            close(listener);
            printf("[FORK] pid=%d\n", getpid());
            serve_client(client, client);
            _exit(0);
        }
        close(client);
        if (child > 0)
            replace(0, child);
    }
}
