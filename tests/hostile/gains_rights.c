/* Tries: to become another user, by system calls and by set-user-ID files.
 * Must: be proved, because the user of the program does not change. */
#define _GNU_SOURCE

#include "hostile.h"

#include <grp.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* Runs a shell command. `said` gets the command's standard output; empty if it cannot be run. */
static void run(const char *command, char *said, size_t size)
{
    FILE *output = popen(command, "r");
    size_t count = output == NULL ? 0 : fread(said, 1, size - 1, output);
    said[count] = '\0';
    if (output != NULL)
        pclose(output);
}

static void attack(void)
{
    if (geteuid() == 0 || getuid() == 0)
        breach("it is root");
    if (setuid(0) == 0 || setgid(0) == 0 || setresuid(0, 0, 0) == 0 || setgroups(0, NULL) == 0)
        breach("it becomes somebody else");
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{0}};
    if (syscall(SYS_capget, &header, data) == 0 && (data[0].permitted || data[1].permitted))
        breach("it has capabilities: %x", data[0].permitted);
    data[0].effective = data[0].permitted = ~0U;
    if (syscall(SYS_capset, &header, data) == 0)
        breach("it gives itself capabilities");
    char said[256];
    run("cp /usr/bin/id /tmp/id && chmod 6755 /tmp/id && /tmp/id -u 2>&1", said, sizeof said);
    if (strcmp(said, "0\n") == 0)
        breach("a set-user-ID file of its own makes it root");
    run("su -c 'id -u' </dev/null 2>/dev/null; sudo -n id -u 2>/dev/null", said, sizeof said);
    if (strstr(said, "0\n") != NULL)
        breach("the system's set-user-ID files make it root");
}
