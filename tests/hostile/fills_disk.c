/* Tries: to fill every file system that the program can write to, and to leave them full.
 * Must: be proved, because these file systems belong to the program's sandbox and are removed with
 * the sandbox. */
#define _GNU_SOURCE

#include "hostile.h"

#include <signal.h>

static long long fill(const char *folder)
{
    static char block[1 << 16];
    long long sum = 0;
    memset(block, 'x', sizeof block);
    for (int number = 0;; number++) {
        char name[4200];
        snprintf(name, sizeof name, "%s/filled-%d", folder, number);
        int fd = open(name, O_CREAT | O_WRONLY, 0666);
        if (fd < 0)
            return sum;
        long long before = sum;
        for (ssize_t put; (put = write(fd, block, sizeof block)) > 0;)
            sum += put;
        close(fd);
        if (sum == before)
            return sum;
        if (sum > 1LL << 30)
            breach("it has written a gigabyte into %s", folder);
    }
}

static void attack(void)
{
    signal(SIGXFSZ, SIG_IGN);
    fill(".");
    fill("/tmp");
    fill("/dev/shm");
    fill("/var/tmp");
}
