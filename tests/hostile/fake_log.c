/* Tries: to be proved by a forged log, which is the log of a correct server.
 * Must: fail slots, because the program never accepts a client. */
#include "hostile.h"

static void attack(void)
{
    int capacity = max_clients_setting();
    listen_on(port_setting());
    log_start(capacity);
    for (int slot = 0; slot < 5; slot++)
        log_accept(slot + 4, slot);
    log_disconnect(4, 0);
    log_accept(4, 0);
    log_reject(capacity);
    for (;;)
        pause();
}
