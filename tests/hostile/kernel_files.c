/* Tries: to change the machine through files in /proc and /sys.
 * Must: be proved, because none of these files can be written. */
#define _GNU_SOURCE

#include "hostile.h"

static void attack(void)
{
    static const char *const files[] = {
        "/proc/sys/net/ipv4/ip_local_port_range", "/proc/sys/net/ipv4/tcp_fastopen",
        "/proc/sys/kernel/core_pattern",          "/proc/sys/fs/pipe-max-size",
        "/proc/sys/user/max_user_namespaces",     "/proc/sys/vm/overcommit_memory",
        "/proc/sysrq-trigger",                    "/proc/1/oom_score_adj",
        "/proc/1/mem",                            "/sys/kernel/mm/ksm/run",
        "/sys/fs/cgroup/cgroup.procs",            "/sys/fs/cgroup/memory/cgroup.procs",
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (open(files[i], O_WRONLY) >= 0)
            breach("it can write %s", files[i]);
    int score = open("/proc/self/oom_score_adj", O_WRONLY);
    if (score >= 0 && write(score, "-1000", 5) == 5)
        breach("the kernel would kill any other process first");
    close(score);
}
