/* Tries: to serve the clients with io_uring, because then no system call shows what the server
 * waits for.
 * Must: be proved, because the sandbox refuses io_uring, and the server then uses poll. */
#define _GNU_SOURCE

#include "hostile.h"

#include <linux/io_uring.h>
#include <sys/syscall.h>

static void attack(void)
{
    struct io_uring_params settings = {0};
    if (syscall(SYS_io_uring_setup, 8, &settings) >= 0)
        breach("it has a ring");
}
