/* Included by the echo servers in C: the setting PORT, and a socket that listens on this port. */
#include "../common.h"

#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

static inline int echo_port(void) { return setting("PORT", 3490, 65535); }

static inline int listening(int family, int backlog)
{
    int fd = socket(family, SOCK_STREAM, 0), yes = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(echo_port())};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(echo_port())};
    int bound = family == AF_INET ? bind(fd, (struct sockaddr *)&v4, sizeof v4)
                                  : bind(fd, (struct sockaddr *)&v6, sizeof v6);
    if (bound == -1 || listen(fd, backlog) == -1)
        refuse_port(echo_port());
    return fd;
}

/* Sends all bytes, even if a signal interrupts a send. Returns -1 if the connection has ended. */
static inline int send_all(int client, const char *from, size_t count)
{
    while (count > 0) {
        ssize_t sent = send(client, from, count, MSG_NOSIGNAL);
        if (sent == -1 && errno != EINTR)
            return -1;
        if (sent > 0) {
            from += sent;
            count -= sent;
        }
    }
    return 0;
}
