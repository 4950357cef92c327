/* Included by the echo servers in C: the setting PORT, a socket that listens on this port, and an
 * accept that tries again. */
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

/* Accepts the next client, and logs its descriptor. After an error, it tries again, at most 20
 * times a second. */
static inline int next_client(int listener)
{
    for (;;) {
        int client = accept(listener, NULL, NULL);
        if (client != -1) {
            printf("[ACCEPT] fd=%d\n", client);
            return client;
        }
        if (errno != EINTR && errno != ECONNABORTED)
            usleep(50 * 1000);
    }
}

/* Closes a client's descriptor, and logs it. */
static inline void close_client(int client)
{
    close(client);
    printf("[DISCONNECT] fd=%d\n", client);
}

/* Receives bytes. Tries again if a signal interrupts the call. */
static inline ssize_t receive(int client, char *to, size_t size, int flags)
{
    ssize_t count;
    do
        count = recv(client, to, size, flags);
    while (count == -1 && errno == EINTR);
    return count;
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

/* Sends back what the client sends, until it has left. */
static inline void echo_all(int client)
{
    char bytes[4096];
    ssize_t count;
    while ((count = receive(client, bytes, sizeof bytes, 0)) > 0)
        if (send_all(client, bytes, count) == -1)
            return;
}
