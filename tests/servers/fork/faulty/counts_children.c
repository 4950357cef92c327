/* A fork server that counts, and each count is too small. One macro gives one fault:
 *
 *   FEW_REMEMBERED  SIGTERM is sent to the first 32 children only
 *   FEW_REAPED      the handler reaps at most 8 children
 *   FEW_FAILURES    the third fork that fails ends the server */
#include "../fork.h"

#ifdef FEW_REMEMBERED
#define REMEMBERED 32
#else
#define REMEMBERED 4096
#endif
#ifdef FEW_REAPED
#define REAPED 8
#else
#define REAPED 4096
#endif

static pid_t children[REMEMBERED];
static int count;

static void reap(int signal)
{
    int before = errno, status;
    pid_t pid;
    (void)signal;
    for (int left = REAPED; left > 0 && (pid = waitpid(-1, &status, WNOHANG)) > 0; left--)
        for (int i = 0; i < count; i++)
            if (children[i] == pid)
                children[i--] = children[--count];
    errno = before;
}

static void end(int signal)
{
    (void)signal;
    for (int i = 0; i < count; i++)
        kill(children[i], SIGTERM);
    _exit(0);
}

int main(void)
{
    sigset_t both, none;
    int failures = 0;
    sigemptyset(&none);
    sigemptyset(&both);
    sigaddset(&both, SIGTERM);
    sigaddset(&both, SIGCHLD);
    sigaction(SIGCHLD, &(struct sigaction){.sa_handler = reap, .sa_mask = both}, NULL);
    sigaction(SIGTERM, &(struct sigaction){.sa_handler = end, .sa_mask = both}, NULL);
    int listener = start();
    for (;;) {
        int client = next_client(listener);
        sigprocmask(SIG_BLOCK, &both, NULL);
        pid_t child = fork();
        if (child == 0) {
            signal(SIGTERM, SIG_DFL);
            signal(SIGCHLD, SIG_DFL);
            sigprocmask(SIG_SETMASK, &none, NULL);
            close(listener);
            serve_client(client, client);
            _exit(0);
        }
        close(client);
        if (child > 0 && count < REMEMBERED)
            children[count++] = child;
        if (child > 0)
            printf("[FORK] pid=%d\n", child);
        else
            failures++;
#ifdef FEW_FAILURES
        if (failures == 3)
            exit(EXIT_FAILURE);
#endif
        sigprocmask(SIG_UNBLOCK, &both, NULL);
    }
}
