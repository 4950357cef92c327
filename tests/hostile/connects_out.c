/* Tries: to connect to ports of this machine and to other machines, by TCP and UDP.
 * Must: be proved, because the program's network has only a loopback interface. */
#define _GNU_SOURCE

#include <arpa/inet.h>

#include "hostile.h"

#ifndef HOST_PORT
#define HOST_PORT 22
#endif

static int reach(int kind, const char *address, int port)
{
    int fd = socket(AF_INET, kind | SOCK_NONBLOCK, 0);
    struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, address, &peer.sin_addr);
    int result = connect(fd, (struct sockaddr *)&peer, sizeof peer);
    if (result < 0 && errno == EINPROGRESS)
        result = 0;
    close(fd);
    return result == 0;
}

static void attack(void)
{
    static const char *const world[] = {"1.1.1.1", "10.0.0.1", "192.168.1.1", "169.254.169.254"};
    for (size_t i = 0; i < sizeof world / sizeof *world; i++)
        if (reach(SOCK_STREAM, world[i], 443) || reach(SOCK_DGRAM, world[i], 53))
            breach("it has a way to %s", world[i]);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in host = {.sin_family = AF_INET, .sin_port = htons(HOST_PORT)};
    host.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, (struct sockaddr *)&host, sizeof host) == 0)
        breach("it reaches port %d of this machine", HOST_PORT);
    close(fd);
}
