/* A correct client in the plain style: getaddrinfo, one blocking socket at a time, getline for the
 * line, printf for the log, and poll to send and receive at the same time. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

static const void *ip_of(const struct sockaddr *address) {
    if (address->sa_family == AF_INET)
        return &((const struct sockaddr_in *)address)->sin_addr;
    return &((const struct sockaddr_in6 *)address)->sin6_addr;
}

static void check_port(const char *text) {
    char *end;
    long number = strtol(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || number < 1 || number > 65535) {
        fprintf(stderr, "client: %s is not a port\n", text);
        exit(2);
    }
}

static int connect_first(const char *host, const char *port) {
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *list;
    int error = getaddrinfo(host, port, &hints, &list), reason = 0;
    if (error != 0) {
        fprintf(stderr, "client: %s: %s\n", host, gai_strerror(error));
        exit(1);
    }
    for (struct addrinfo *at = list; at != NULL; at = at->ai_next) {
        char ip[INET6_ADDRSTRLEN];
        inet_ntop(at->ai_family, ip_of(at->ai_addr), ip, sizeof ip);
        int fd = socket(at->ai_family, at->ai_socktype, at->ai_protocol);
        if (fd == -1) {
            reason = errno;
            continue;
        }
        printf("[client] attempting connection to %s ...\n", ip);
        if (connect(fd, at->ai_addr, at->ai_addrlen) == 0) {
            printf("[client] connected to %s\n", ip);
            freeaddrinfo(list);
            return fd;
        }
        reason = errno;
        close(fd);
    }
    fprintf(stderr, "client: no address of %s accepts: %s\n", host, strerror(reason));
    exit(1);
}

static void fail(const char *what) {
    fprintf(stderr, "client: %s\n", what);
    exit(1);
}

/* Sends `total` bytes, and receives as many into `answer`. */
static void exchange(int fd, const char *text, size_t total, char *answer) {
    size_t sent = 0, received = 0;
    while (received < total) {
        struct pollfd wanted = {.fd = fd, .events = POLLIN | (sent < total ? POLLOUT : 0)};
        if (poll(&wanted, 1, -1) == -1 && errno != EINTR)
            fail(strerror(errno));
        if (sent < total && wanted.revents & POLLOUT) {
            ssize_t count = send(fd, text + sent, total - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
            if (count == -1 && errno != EAGAIN && errno != EINTR)
                fail(strerror(errno));
            if (count > 0)
                sent += count;
            if (sent == total)
                printf("[client] sent '%s'\n", text);
        }
        if (wanted.revents & (POLLIN | POLLERR | POLLHUP)) {
            ssize_t count = recv(fd, answer + received, total - received, 0);
            if (count == 0)
                fail("the server closed the connection too early");
            if (count == -1 && errno != EINTR)
                fail(strerror(errno));
            if (count > 0)
                received += count;
        }
    }
}

int main(int argc, char *argv[]) {
    if (argc != 3) {
        fprintf(stderr, "usage: client HOST PORT\n");
        return 2;
    }
    check_port(argv[2]);
    int fd = connect_first(argv[1], argv[2]);
    printf("what to send to the server?\n");
    char *line = NULL;
    size_t room = 0;
    ssize_t length = getline(&line, &room, stdin);
    if (length > 0 && line[length - 1] == '\n')
        line[--length] = '\0';
    if (length <= 0)
        return 0;
    char *answer = calloc(length + 1, 1);
    exchange(fd, line, length, answer);
    printf("[client] received '%s'\n", answer);
    close(fd);
    return 0;
}
