/* Tries: to communicate with a simultaneous run of the same program, by every kind of resource that
 * two processes may share.
 * Must: be proved, because the two runs share no such resource. */
#define _GNU_SOURCE

#include "hostile.h"

#include <linux/netlink.h>
#include <linux/vm_sockets.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>

/* Tries to lock a file that is visible in every sandbox. The other run could see such a lock. */
static void lock_shared_file(const char *path)
{
    int fd = open(path, O_RDONLY);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
        breach("it locks %s", path);
    struct flock lock = {.l_type = F_RDLCK};
    if (fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0)
        breach("it can ask who locks %s", path);
    if (fd >= 0)
        close(fd);
}

/* Tries to watch a file with inotify, which would report that the other run opens the file. */
static void watch_shared_file(const char *path)
{
    int fd = inotify_init1(IN_NONBLOCK);
    if (fd >= 0 && inotify_add_watch(fd, path, IN_OPEN) >= 0)
        breach("it watches %s", path);
    if (fd >= 0)
        close(fd);
}

static void name_a_socket(void)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "\0neighbours"};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(fd, (struct sockaddr *)&name, sizeof name) < 0)
        breach("a neighbour has the abstract socket: %s", strerror(errno));
    /* The name stays in use as long as the descriptor is open. */
}

/* Whether this program was started before in the same sandbox, whose folder it has for itself. */
static int is_started_again(void)
{
    return open("started", O_CREAT | O_EXCL | O_RDWR, 0666) < 0 && errno == EEXIST;
}

static void attack(void)
{
    if (is_started_again())
        return;
    lock_shared_file("/usr/bin/env");
    lock_shared_file("/proc/self/exe");
    watch_shared_file("/usr/bin/env");
    if (syscall(SYS_add_key, "user", "neighbours", "x", 1UL, -4) >= 0)
        breach("it has a key");
    if (socket(AF_VSOCK, SOCK_STREAM, 0) >= 0)
        breach("it has a vsock");
    if (socket(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK) >= 0)
        breach("it has a netlink socket");
    if (shmget(0x50c4, 4096, IPC_CREAT | IPC_EXCL | 0666) < 0 && errno == EEXIST)
        breach("a neighbour has the shared memory");
    if (shm_open("/neighbours-memory", O_CREAT | O_EXCL | O_RDWR, 0666) < 0 && errno == EEXIST)
        breach("a neighbour has the file in /dev/shm");
    if (open("/tmp/neighbours", O_CREAT | O_EXCL | O_RDWR, 0666) < 0 && errno == EEXIST)
        breach("a neighbour has the file in /tmp");
    name_a_socket();
}
