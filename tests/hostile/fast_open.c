/* Tries: to connect to a server on this machine without connect(2): with TCP Fast Open, which
 * connects in a send. A restriction of connect(2) alone does not prevent this.
 * Must: be proved, because the sandbox refuses the flag on every isolation level. */
#define _GNU_SOURCE

#include "hostile.h"

#include <arpa/inet.h>
#include <sys/socket.h>

/* The port of a server that the tests run on this machine. */
enum { HOST_PORT = 47001 };

static int stream(void)
{
    return socket(AF_INET, SOCK_STREAM, 0);
}

static void refused(const char *call, int fd, ssize_t result)
{
    /* ECONNREFUSED and EINPROGRESS come from the network, after the call was permitted. */
    if (result >= 0 || errno == ECONNREFUSED || errno == EINPROGRESS)
        breach("%s connects", call);
    close(fd);
}

static void attack(void)
{
    struct sockaddr_in host = {.sin_family = AF_INET, .sin_port = htons(HOST_PORT)};
    host.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct iovec part = {"hello", 5};
    struct mmsghdr all = {.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1}};
    all.msg_hdr.msg_name = &host;
    all.msg_hdr.msg_namelen = sizeof host;
    int fd = stream();
    refused("sendto", fd, sendto(fd, "hello", 5, MSG_FASTOPEN, (void *)&host, sizeof host));
    fd = stream();
    refused("sendmsg", fd, sendmsg(fd, &all.msg_hdr, MSG_FASTOPEN | MSG_NOSIGNAL));
    fd = stream();
    refused("sendmmsg", fd, sendmmsg(fd, &all, 1, MSG_FASTOPEN));
}
