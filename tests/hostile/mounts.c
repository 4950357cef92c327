/* Tries: to change its mounts, with mount(2) and with newer system calls such as fsopen.
 * Must: be proved, because the sandbox refuses each of these calls. */
#define _GNU_SOURCE

#include "hostile.h"

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static void attack(void)
{
    mkdir("below", 0777);
    if (mount("none", "below", "tmpfs", 0, NULL) == 0)
        breach("it mounts");
    if (mount("/", "below", NULL, MS_BIND, NULL) == 0)
        breach("it binds");
    if (mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL) == 0)
        breach("it remounts");
    if (umount2("/proc", MNT_DETACH) == 0 || umount2("/usr", MNT_DETACH) == 0)
        breach("it unmounts");
    if (syscall(SYS_pivot_root, ".", "below") == 0 || chroot("below") == 0)
        breach("it has another root");
    if (syscall(SYS_fsopen, "tmpfs", 0) >= 0 || syscall(SYS_open_tree, -1, "/", 1) >= 0)
        breach("it has a file system in hand");
    if (syscall(SYS_swapon, "/tmp/none", 0) == 0 || syscall(SYS_quotactl, 0, NULL, 0, NULL) == 0)
        breach("it changes the file systems");
    if (mknod("below/device", S_IFBLK | 0666, 0xfe00) == 0 && open("below/device", O_RDONLY) >= 0)
        breach("it reads the disk");
}
