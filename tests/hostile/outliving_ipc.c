/* Tries: to leave System V IPC objects and a POSIX message queue to the next run, and to hold memory
 * in files that no process maps.
 * Must: be proved, because the sandbox refuses to create these objects. */
#define _GNU_SOURCE

#include "hostile.h"

#include <mqueue.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>

static void refused(const char *name, long result)
{
    if (result >= 0)
        breach("%s is permitted", name);
}

static void attack(void)
{
    refused("shmget", shmget(0x50c5, 1 << 20, IPC_CREAT | 0666));
    refused("semget", semget(0x50c5, 1, IPC_CREAT | 0666));
    refused("msgget", msgget(0x50c5, IPC_CREAT | 0666));
    refused("mq_open", syscall(SYS_mq_open, "outliving", O_CREAT | O_RDWR, 0666, NULL));
    refused("memfd_create", syscall(SYS_memfd_create, "hidden", 0));
    refused("memfd_secret", syscall(SYS_memfd_secret, 0));
}
