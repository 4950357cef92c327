/* Tries: to be believed for its log, which says what a right server's would.
 * Must: fail slots, for it never accepts. */
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
