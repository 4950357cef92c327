/* Tries: to sleep for ever in the opening of a FIFO that has no writer, after it has begun to listen.
 * Must: fail slots, because the server never accepts. */
#define _GNU_SOURCE

#include "hostile.h"

#include <sys/stat.h>

static void attack(void)
{
    listen_on(port_setting());
    log_start(max_clients_setting());
    mkfifo("never", 0600);
    for (;;)
        open("never", O_RDONLY);
}
