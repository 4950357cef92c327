/* Tries: to read and control other processes: process 1, its parent, and its own child.
 * Must: be proved, because the sandbox refuses each of these calls. */
#define _GNU_SOURCE

#include "hostile.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>

static void trace(pid_t pid)
{
    if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0 || ptrace(PTRACE_ATTACH, pid, NULL, NULL) == 0)
        breach("it traces process %d", pid);
    char byte;
    struct iovec here = {&byte, 1}, there = {(void *)attack, 1};
    if (process_vm_readv(pid, &here, 1, &there, 1, 0) > 0)
        breach("it reads the memory of process %d", pid);
    if (process_vm_writev(pid, &here, 1, &there, 1, 0) > 0)
        breach("it writes the memory of process %d", pid);
}

static void attack(void)
{
    trace(1);
    trace(getppid());
    pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    trace(child);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0)
        breach("it lets itself be traced");
}
