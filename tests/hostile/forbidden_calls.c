/* Tries: system calls that expose the kernel or other processes, and that no server needs.
 * Must: be proved, because the sandbox refuses each of these calls. */
#define _GNU_SOURCE

#include "hostile.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>

static void refused(const char *name, long result)
{
    if (result >= 0)
        breach("%s is permitted", name);
}

static void attack(void)
{
    union bpf_attr map = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4};
    map.max_entries = 1;
    refused("bpf", syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof map));
    struct perf_event_attr event = {.type = PERF_TYPE_SOFTWARE, .size = sizeof event};
    event.exclude_kernel = 1;
    refused("perf_event_open", syscall(SYS_perf_event_open, &event, 0, -1, -1, 0UL));
    refused("userfaultfd", syscall(SYS_userfaultfd, 1));
    refused("add_key", syscall(SYS_add_key, "user", "hostile", "x", 1UL, -4));
    refused("keyctl", syscall(SYS_keyctl, 0, -3, 1));
    refused("open_by_handle_at", syscall(SYS_open_by_handle_at, -100, "", O_RDONLY));
    refused("kexec_load", syscall(SYS_kexec_load, 0UL, 0UL, NULL, 0UL));
    refused("init_module", syscall(SYS_init_module, "", 0UL, ""));
    refused("reboot", syscall(SYS_reboot, 0, 0, 0, NULL));
    refused("syslog", syscall(SYS_syslog, 3, (char[64]){0}, 64));
    refused("acct", syscall(SYS_acct, NULL));
    int self = syscall(SYS_pidfd_open, getpid(), 0);
    if (self >= 0)
        refused("pidfd_getfd", syscall(SYS_pidfd_getfd, self, 0, 0));
    close(self);
}
