/* Ignores SIGTERM, never accepts a client, and is in a busy loop. */
#include "../common.h"

#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

int main(void)
{
    int port = port_setting();
    signal(SIGTERM, SIG_IGN);
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(listener, (struct sockaddr *)&any, sizeof any) || listen(listener, 16))
        refuse_port(port);
    log_start(max_clients_setting());
    for (volatile unsigned turns = 0;; turns++)
        ;
}
