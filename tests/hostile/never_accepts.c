/* Tries: to keep the grader waiting, with a listener that never accepts a client.
 * Must: fail slots as soon as the program is asleep. */
#include "hostile.h"

static void attack(void)
{
    listen_on(port_setting());
    log_start(max_clients_setting());
    for (;;)
        pause();
}
