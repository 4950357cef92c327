/* Tries: to serve by io_uring, where no system call shows what it waits for.
 * Must: be proved, for without it the server falls back on poll. */
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
