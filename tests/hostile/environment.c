/* Tries: to find secrets in its own environment, in the environments of other processes, and in
 * inherited descriptors.
 * Must: be proved, because these places contain no secrets. */
#define _GNU_SOURCE

#include "hostile.h"

#include <dirent.h>

extern char **environ;

static void look_into(const char *path)
{
    static char bytes[1 << 16];
    int fd = open(path, O_RDONLY);
    ssize_t count = fd < 0 ? 0 : read(fd, bytes, sizeof bytes);
    if (count > 0 && memmem(bytes, count, "GRADER_SECRET", 13) != NULL)
        breach("%s has a secret", path);
    if (fd >= 0)
        close(fd);
}

static void attack(void)
{
    if (getenv("GRADER_SECRET") != NULL || getenv("CARGO_HOME") != NULL)
        breach("the grader's environment is its own");
    DIR *processes = opendir("/proc");
    for (struct dirent *entry; processes != NULL && (entry = readdir(processes)) != NULL;) {
        char path[300];
        snprintf(path, sizeof path, "/proc/%s/environ", entry->d_name);
        look_into(path);
    }
    closedir(processes);
    for (int fd = 3; fd < 4096; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            breach("descriptor %d was left open", fd);
}
