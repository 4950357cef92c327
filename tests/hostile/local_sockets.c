/* Tries: to reach sockets of this machine that no restriction of TCP ports covers: UDP, sockets with
 * a path or an abstract name, other protocols, and a pair of datagram sockets that is connected
 * again to a path.
 * Must: be proved, because none of the sockets can be reached. */
#define _GNU_SOURCE

#include "hostile.h"

#include <arpa/inet.h>
#include <sys/un.h>

/* The sockets of the tests on this machine. */
#define HOST_STREAM "/tmp/hostile-host/stream"
#define HOST_DATAGRAM "/tmp/hostile-host/datagram"
enum { HOST_PORT = 47001 };

static struct sockaddr_un at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    return address;
}

static void try_path(int kind, const char *path)
{
    struct sockaddr_un host = at(path);
    int fd = socket(AF_UNIX, kind, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&host, sizeof host) == 0)
        breach("it reaches %s", path);
    if (fd >= 0)
        close(fd);
    int pair[2];
    if (socketpair(AF_UNIX, kind, 0, pair) < 0)
        return;
    if (sendto(pair[0], "x", 1, 0, (struct sockaddr *)&host, sizeof host) > 0 &&
        kind == SOCK_DGRAM)
        breach("its pair sends to %s", path);
    if (connect(pair[0], (struct sockaddr *)&host, sizeof host) == 0)
        breach("its pair reaches %s", path);
    close(pair[0]);
    close(pair[1]);
}

/* A datagram to the port of the tests. The tests notice whether the datagram arrives. */
static void send_datagram(int kind, int protocol)
{
    struct sockaddr_in host = {.sin_family = AF_INET, .sin_port = htons(HOST_PORT)};
    host.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, kind, protocol);
    if (fd < 0)
        return;
    sendto(fd, "reached", 7, MSG_DONTWAIT, (struct sockaddr *)&host, sizeof host);
    close(fd);
}

static void attack(void)
{
    try_path(SOCK_STREAM, HOST_STREAM);
    try_path(SOCK_DGRAM, HOST_DATAGRAM);
    try_path(SOCK_STREAM, "/run/systemd/private");
    try_path(SOCK_DGRAM, "/run/systemd/journal/dev-log");
    try_path(SOCK_STREAM, "/run/docker.sock");
    try_path(SOCK_STREAM, "/run/dbus/system_bus_socket");
    send_datagram(SOCK_DGRAM, 0);
    send_datagram(SOCK_DGRAM, 136); /* UDP-Lite */
    if (socket(AF_INET, SOCK_STREAM, 132) >= 0)
        breach("it has a socket of SCTP");
    if (socket(AF_INET, SOCK_STREAM, 256) >= 0)
        breach("it has a socket of SMC");
    if (socket(AF_INET, SOCK_DCCP, 33) >= 0)
        breach("it has a socket of DCCP");
}
