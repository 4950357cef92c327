/* Tries: to create namespaces in which the program has all capabilities, or to enter existing
 * namespaces.
 * Must: be proved, because the sandbox refuses each call. */
#define _GNU_SOURCE

#include "hostile.h"

#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static const struct {
    const char *name;
    int flag;
} KINDS[] = {
    {"user", CLONE_NEWUSER}, {"mnt", CLONE_NEWNS},   {"pid", CLONE_NEWPID},
    {"net", CLONE_NEWNET},   {"ipc", CLONE_NEWIPC},  {"uts", CLONE_NEWUTS},
    {"cgroup", CLONE_NEWCGROUP},
};

static void try_clones(const char *name, int flag)
{
    long child = syscall(SYS_clone, flag | SIGCHLD, NULL, NULL, NULL, NULL);
    if (child == 0)
        _exit(0);
    if (child > 0)
        breach("clone makes a %s namespace", name);
    struct clone_args arguments = {.flags = (uint64_t)flag, .exit_signal = SIGCHLD};
    child = syscall(SYS_clone3, &arguments, sizeof arguments);
    if (child == 0)
        _exit(0);
    if (child > 0)
        breach("clone3 makes a %s namespace", name);
}

static void attack(void)
{
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++) {
        try_clones(KINDS[i].name, KINDS[i].flag);
        if (unshare(KINDS[i].flag) == 0 || unshare(KINDS[i].flag | CLONE_NEWUSER) == 0)
            breach("unshare makes a %s namespace", KINDS[i].name);
        char path[64];
        snprintf(path, sizeof path, "/proc/1/ns/%s", KINDS[i].name);
        int fd = open(path, O_RDONLY);
        if (fd >= 0 && setns(fd, 0) == 0)
            breach("it enters the %s namespace of the first process", KINDS[i].name);
        if (fd >= 0)
            close(fd);
    }
}
