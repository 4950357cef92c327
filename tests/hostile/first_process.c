/* Tries: to reach the sandbox's first process: to read its memory, which is a copy of the grader's
 * memory, and to kill it with every kind of signal.
 * Must: be proved, because the first process cannot be read and ignores these signals. */
#define _GNU_SOURCE

#include "hostile.h"

#include <signal.h>
#include <sys/syscall.h>

static void unreadable(int pid, const char *name)
{
    char path[64], byte[16];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    int fd = open(path, O_RDONLY);
    if (fd >= 0 && read(fd, byte, sizeof byte) > 0)
        breach("it reads %s", path);
    if (fd >= 0)
        close(fd);
}

/* Asks the kernel to send `signal` to `pid` when a socket becomes readable (fcntl(2), F_SETSIG). */
static void signal_by_descriptor(int pid, int signal)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
        return;
    fcntl(pair[0], F_SETOWN, pid);
    fcntl(pair[0], F_SETSIG, signal);
    fcntl(pair[0], F_SETFL, O_ASYNC);
    if (write(pair[1], "x", 1) < 0)
        breach("the pair is broken");
    close(pair[0]);
    close(pair[1]);
}

static void attack(void)
{
    int parent = getppid() == 0 ? 1 : getppid();
    static const char *const files[] = {"environ", "maps", "auxv", "mem", "syscall", "stack"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        unreadable(parent, files[i]);
    static const int signals[] = {SIGKILL, SIGSTOP, SIGTERM, SIGSEGV, SIGALRM};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        signal_by_descriptor(parent, signals[i]);
        syscall(SYS_tgkill, parent, parent, signals[i]);
        siginfo_t info = {.si_code = SI_QUEUE};
        syscall(SYS_rt_sigqueueinfo, parent, signals[i], &info);
        int pidfd = syscall(SYS_pidfd_open, parent, 0);
        if (pidfd >= 0)
            syscall(SYS_pidfd_send_signal, pidfd, signals[i], NULL, 0);
        close(pidfd);
    }
}
