/* Tries: to hide from readers of /proc, as a program whose file can be executed but not read.
 * Must: be proved, because the program is not permitted to create such a file. */
#include "hostile.h"

#include <fcntl.h>
#include <sys/stat.h>

static void attack(void)
{
    if (chmod("/proc/self/exe", 0111) == 0 || umask(0400) != (mode_t)-1)
        breach("the program's own file became unreadable");
    if (open("/tmp/hidden", O_CREAT | O_WRONLY, 0311) != -1)
        breach("an unreadable file was made");
    int fd = open("/tmp/readable", O_CREAT | O_WRONLY, 0700);
    if (fd != -1 && fchmod(fd, 0111) == 0)
        breach("a file became unreadable");
}
