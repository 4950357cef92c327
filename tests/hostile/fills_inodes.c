/* Tries: to create files until no file system has a free inode.
 * Must: be proved, because the limits of the sandbox stop the attack. */
#define _GNU_SOURCE

#include "hostile.h"

static void fill(const char *folder)
{
    char name[4200];
    for (int number = 0; number < 200000; number++) {
        snprintf(name, sizeof name, "%s/empty-%d", folder, number);
        int fd = open(name, O_CREAT | O_WRONLY, 0666);
        if (fd < 0)
            return;
        close(fd);
    }
    breach("it has made 200,000 files in %s", folder);
}

static void attack(void)
{
    fill(".");
    fill("/tmp");
    fill("/dev/shm");
}
