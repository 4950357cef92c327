/* Included by the servers in C that log how their children end: the log line, and a child for each
 * client. */
#ifndef REAP_H
#define REAP_H

#include "../fork/fork.h"

/* Writes the line of a child with one call of write, so that a handler may call this function. */
static inline void log_end(pid_t pid, int status)
{
    char line[64];
    int length = WIFEXITED(status)
        ? snprintf(line, sizeof line, "[REAP] pid=%d status=%d\n", pid, WEXITSTATUS(status))
        : snprintf(line, sizeof line, "[REAP] pid=%d signal=%d\n", pid, WTERMSIG(status));
    if (write(STDOUT_FILENO, line, (size_t)length) < 0)
        return;
}

/* Reaps and logs every child that has ended. */
static inline void reap_all(void)
{
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        log_end(pid, status);
}

/* Blocks or unblocks SIGCHLD: `how` is SIG_BLOCK or SIG_UNBLOCK. */
static inline void mask_sigchld(int how)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(how, &set, NULL);
}

/* Starts a child that serves the client, and closes the client in the parent. A child that loses its
 * client in the middle of an answer ends by SIGPIPE. */
static inline void start_child(int listener, int client)
{
    pid_t parent = getpid(), child = fork();
    if (child == 0) {
        close(listener);
        end_with_parent(parent);
        serve_client(client, client);
        _exit(0);
    }
    if (child > 0)
        printf("[FORK] pid=%d fd=%d\n", child, client);
    else
        perror("fork");
    close(client);
}

#endif
