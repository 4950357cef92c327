/* A handler that is right but for one fault, which a macro chooses:
 *   TABLE         it reaps the children of a table of 64, and no others
 *   EARLY_RETURN  it restores errno only if it has reaped a child
 *   STOPPED       it asks for stopped children, too, and logs them
 *   STOPPED_LATER the same, but it runs only when a child has ended
 *   UNTIL_KILLED  it reaps no child after one that a signal has killed
 *   HIDES_SIGTERM it does not log a child that SIGTERM has killed
 *   NAPS          it sleeps after each child that it has reaped
 * or it is right, and the loop has the fault:
 *   KEEPS_MASK    SIGCHLD stays blocked after a fork that has failed, until the next one succeeds
 *   KEEPS_ALL     every signal is blocked during fork, and stays blocked for ever if fork fails
 *   LOOKS_ONCE    the loop asks for a new child's end once, and throws the result away
 *   INHERITED     SIGTERM has a handler that ends all children, and the children inherit it
 * Without a macro, there is no fault. */
#include "../reap.h"

#define ROWS 64

static pid_t table[ROWS];

static void add(pid_t child)
{
    for (int row = 0; row < ROWS; row++)
        if (table[row] == 0) {
            table[row] = child;
            return;
        }
}

#ifdef INHERITED
static void end_children(int number)
{
    (void)number;
    for (int row = 0; row < ROWS; row++)
        if (table[row] > 0)
            kill(table[row], SIGTERM);
    _exit(0);
}
#endif

/* Blocks or unblocks the signals that may not arrive during fork. */
static void mask(int how)
{
#ifdef KEEPS_ALL
    static sigset_t all, before;
    sigfillset(&all);
    if (how == SIG_BLOCK)
        sigprocmask(SIG_BLOCK, &all, &before);
    else
        sigprocmask(SIG_SETMASK, &before, NULL);
#else
    mask_sigchld(how);
#endif
}

static void on_sigchld(int number)
{
    int saved = errno, status;
    (void)number;
#if defined(TABLE)
    for (int row = 0; row < ROWS; row++)
        if (table[row] > 0 && waitpid(table[row], &status, WNOHANG) > 0) {
            log_end(table[row], status);
            table[row] = 0;
        }
#elif defined(EARLY_RETURN)
    pid_t pid = waitpid(-1, &status, WNOHANG);
    if (pid <= 0)
        return;
    log_end(pid, status);
    reap_all();
#elif defined(STOPPED) || defined(STOPPED_LATER)
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG | WUNTRACED)) > 0)
        log_end(pid, status);
#elif defined(UNTIL_KILLED)
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        log_end(pid, status);
        if (WIFSIGNALED(status))
            break;
    }
#elif defined(HIDES_SIGTERM)
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGTERM)
            log_end(pid, status);
#elif defined(NAPS)
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        log_end(pid, status);
        usleep(60000);
    }
#else
    (void)status;
    reap_all();
#endif
    errno = saved;
}

int main(void)
{
    struct sigaction action = {.sa_handler = on_sigchld, .sa_flags = SA_RESTART};
#ifdef STOPPED_LATER
    action.sa_flags |= SA_NOCLDSTOP;
#endif
#ifdef INHERITED
    signal(SIGTERM, end_children);
#endif
    int listener = start();
    sigaction(SIGCHLD, &action, NULL);
    for (;;) {
        int client = next_client(listener);
        mask(SIG_BLOCK);
        pid_t parent = getpid(), child = fork();
        if (child == 0) {
            close(listener);
            end_with_parent(parent);
            mask(SIG_UNBLOCK);
            serve_client(client, client);
            _exit(0);
        }
        if (child > 0) {
            printf("[FORK] pid=%d fd=%d\n", child, client);
            add(child);
        }
#ifdef LOOKS_ONCE
        usleep(2000);
        waitpid(child, NULL, WNOHANG);
#endif
        close(client);
#if defined(KEEPS_MASK) || defined(KEEPS_ALL)
        if (child < 0)
            continue;
#endif
        mask(SIG_UNBLOCK);
    }
}
