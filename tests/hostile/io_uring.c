/* Tries: to serve by io_uring, where no system call shows what the server waits for.
 * Must: be proved, because io_uring is refused and the server uses poll instead. */
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
