/* Runs a command with the restrictions that Docker sets by default: few capabilities, and no new
 * namespaces.
 *
 *   container [refuse CALL]... COMMAND
 *
 * CALL can only be `landlock`. The system call landlock_create_ruleset(2) then fails, as on a
 * kernel or with a seccomp profile without Landlock. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NAMESPACES 0x7e020000 /* all CLONE_NEW* flags */
#define DOCKER_CAPABILITIES 0xa80425fbul  /* without SYS_ADMIN and SYS_PTRACE */

#define LOAD(at) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at)
#define REFUSE(call, error) \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1), \
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error)

static int filter(int landlock)
{
    int first = landlock ? __NR_unshare : __NR_landlock_create_ruleset;
    struct sock_filter code[] = {
        LOAD(offsetof(struct seccomp_data, nr)),
        REFUSE(first, (landlock ? EPERM : ENOSYS)),
        REFUSE(__NR_unshare, EPERM),
        REFUSE(__NR_setns, EPERM),
        REFUSE(__NR_mount, EPERM),
        REFUSE(__NR_umount2, EPERM),
        REFUSE(__NR_pivot_root, EPERM),
        REFUSE(__NR_clone3, ENOSYS),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone, 0, 3),
        LOAD(offsetof(struct seccomp_data, args)),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, NAMESPACES, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof *code, code};
    if (geteuid() != 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return -1;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static int give_up_capabilities(void)
{
    for (int capability = 0; capability < 64; capability++)
        if (!(DOCKER_CAPABILITIES >> capability & 1))
            prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{DOCKER_CAPABILITIES, DOCKER_CAPABILITIES, 0}, {0, 0, 0}};
    return syscall(SYS_capset, &header, data);
}

int main(int count, char **words)
{
    int at = 1, landlock = 1;
    for (; at + 2 < count && !strcmp(words[at], "refuse"); at += 2)
        landlock &= strcmp(words[at + 1], "landlock") != 0;
    if (at >= count || filter(landlock) || (geteuid() == 0 && give_up_capabilities())) {
        perror("container");
        return 125;
    }
    execvp(words[at], words + at);
    perror(words[at]);
    return 126;
}
