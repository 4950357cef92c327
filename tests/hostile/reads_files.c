/* Tries: to find and read the grader's home folder, other submissions and the solution.
 * Must: be proved, because the program finds none of these files. */
#define _GNU_SOURCE

#include <ftw.h>

#include "hostile.h"

/* The word in the secret files, written backwards. Otherwise this file would contain the word. */
static const char DRAWKCAB[] = "REDARG-EHT-FO-YRANAC";
static char canary[sizeof DRAWKCAB];

static int has_canary(const char *path)
{
    static char bytes[1 << 16];
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return 0;
    size_t count = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return memmem(bytes, count, canary, strlen(canary)) != NULL;
}

static int ends_with(const char *path, const char *end)
{
    size_t length = strlen(path);
    return length >= strlen(end) && strcmp(path + length - strlen(end), end) == 0;
}

static int look_at(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status, (void)place;
    static const char *const dull[] = {"/proc", "/sys", "/dev", "/usr", "/lib", "/lib64"};
    for (size_t i = 0; i < sizeof dull / sizeof *dull; i++)
        if (strcmp(path, dull[i]) == 0)
            return FTW_SKIP_SUBTREE;
    if (kind != FTW_F)
        return FTW_CONTINUE;
    if (ends_with(path, ".patch") || strstr(path, "/solution/") != NULL)
        breach("it sees the solution: %s", path);
    if (has_canary(path))
        breach("it reads what is not its own: %s", path);
    return FTW_CONTINUE;
}

static void attack(void)
{
    for (size_t i = 0; i < strlen(DRAWKCAB); i++)
        canary[i] = DRAWKCAB[strlen(DRAWKCAB) - 1 - i];
    nftw("/", look_at, 16, FTW_PHYS | FTW_ACTIONRETVAL);
    static const char *const secret[] = {
        "/etc/shadow", "/proc/1/environ", "/proc/1/mem",  "/proc/1/root/etc/shadow",
        "/proc/kcore", "/root/.bashrc",   "/proc/1/maps", "/proc/1/cwd/Cargo.toml",
    };
    for (size_t i = 0; i < sizeof secret / sizeof *secret; i++) {
        FILE *file = fopen(secret[i], "r");
        if (file != NULL && fgetc(file) != EOF)
            breach("it reads %s", secret[i]);
        if (file != NULL)
            fclose(file);
    }
}
