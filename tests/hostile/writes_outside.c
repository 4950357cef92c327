/* Tries: to write to folders of the system and of the grader, to its own program file, and to
 * kernel settings.
 * Must: be proved, because the program can write only to its own folder and /tmp. */
#define _GNU_SOURCE

#include <ftw.h>

#include "hostile.h"

static int starts_with(const char *path, const char *start)
{
    return strncmp(path, start, strlen(start)) == 0;
}

static int is_own(const char *path)
{
    char own[4096] = "/nowhere";
    if (getcwd(own, sizeof own) != NULL && starts_with(path, own))
        return 1;
    return starts_with(path, "/tmp") || starts_with(path, "/dev") || starts_with(path, "/proc");
}

static int try_folder(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    if (is_own(path) || place->level > 6)
        return FTW_SKIP_SUBTREE;
    char name[4200];
    snprintf(name, sizeof name, "%s/written-by-a-hostile-program", path);
    int fd = kind == FTW_D ? open(name, O_CREAT | O_WRONLY | O_EXCL, 0666) : -1;
    if (fd >= 0)
        breach("it writes into %s", path);
    return FTW_CONTINUE;
}

static void attack(void)
{
    nftw("/", try_folder, 16, FTW_PHYS | FTW_ACTIONRETVAL);
    static const char *const files[] = {
        "/etc/passwd",         "/etc/ld.so.preload", "/proc/sys/kernel/core_pattern",
        "/proc/sysrq-trigger", "/proc/self/exe",     "/proc/sys/kernel/hostname",
        "/usr/bin/env",        "/dev/vda",           "/dev/mem",
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (open(files[i], O_WRONLY) >= 0)
            breach("it writes %s", files[i]);
    if (chmod("/etc/passwd", 0666) == 0 || unlink("/usr/bin/env") == 0)
        breach("it changes the system");
}
