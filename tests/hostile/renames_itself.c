/* Tries: to mislead a reader of /proc: the program's name looks like fields of /proc/PID/stat and
 * /proc/PID/status, and the program overwrites its environment.
 * Must: be proved, because the witness parses these files correctly. */
#define _GNU_SOURCE

#include "hostile.h"

#include <sys/prctl.h>

extern char **environ;

static void attack(void)
{
    prctl(PR_SET_NAME, ") R 1 1\n) Z (");
    int fd = open("/proc/self/comm", O_WRONLY);
    if (fd >= 0 && write(fd, "a) S 1\nState:\tX", 15) > 0)
        close(fd);
    char *settings[] = {getenv("PORT"), getenv("MAX_CLIENTS")};
    static char kept[2][64], *empty[3];
    for (int i = 0; i < 2; i++) {
        if (settings[i] == NULL)
            continue;
        snprintf(kept[i], sizeof kept[i], "%s=%s", i ? "MAX_CLIENTS" : "PORT", settings[i]);
        empty[empty[0] != NULL] = kept[i];
    }
    for (char **variable = environ; *variable != NULL; variable++)
        memset(*variable, '\n', strlen(*variable));
    environ = empty;
}
