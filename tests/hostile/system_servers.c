/* Tries: to find a server that is installed on the machine, in order to start it in place of its
 * own.
 * Must: be proved, because the sandbox hides the servers of the lessons' kind. */
#define _GNU_SOURCE

#include "hostile.h"

#include <glob.h>

static void attack(void)
{
    static const char *const names[] = {"redis*server", "redis-check-*", "redis-sentinel",
                                        "valkey*server", "keydb*server"};
    static const char *const folders[] = {"/usr/bin", "/usr/sbin", "/usr/local/bin", "/bin"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (size_t j = 0; j < sizeof folders / sizeof *folders; j++) {
            char pattern[128];
            snprintf(pattern, sizeof pattern, "%s/%s", folders[j], names[i]);
            glob_t found = {0};
            glob(pattern, 0, NULL, &found);
            for (size_t k = 0; k < found.gl_pathc; k++)
                if (open(found.gl_pathv[k], O_RDONLY) >= 0)
                    breach("it can read %s", found.gl_pathv[k]);
            globfree(&found);
        }
}
