/* Tries: to fill the kernel's memory with names of files that do not exist.
 * Must: be proved. The kernel drops such names when memory is needed. */
#define _GNU_SOURCE

#include "hostile.h"

#include <sys/stat.h>

static void attack(void)
{
    static const char *const folders[] = {"/usr", "/tmp", "/proc/self", "/dev", "/"};
    struct stat status;
    for (int number = 0; number < 3000; number++) {
        char path[300];
        snprintf(path, sizeof path, "%s/%0200d", folders[number % 5], number);
        stat(path, &status);
    }
}
