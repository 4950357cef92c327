/* A correct client that does everything about its line before the first step of the network: it
 * reads the line, and looks up the host only if there is something to send. */
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

static void fail(const char *what, const char *why) {
    fprintf(stderr, "client: %s: %s\n", what, why);
    exit(1);
}

/* The port is checked before the line is read, the host afterwards. */
static void check_port(const char *text) {
    char *end;
    long number = strtol(text, &end, 10);
    if (text[strspn(text, "0123456789")] != '\0' || *text == '\0' || number < 1 || number > 65535) {
        fprintf(stderr, "client: '%s' is not a port\nusage: client HOST PORT\n", text);
        exit(2);
    }
}

static int connect_first(const char *host, const char *port) {
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *list;
    int error = getaddrinfo(host, port, &hints, &list), reason = 0;
    if (error != 0)
        fail(host, gai_strerror(error));
    for (struct addrinfo *at = list; at != NULL; at = at->ai_next) {
        char ip[NI_MAXHOST];
        getnameinfo(at->ai_addr, at->ai_addrlen, ip, sizeof ip, NULL, 0, NI_NUMERICHOST);
        printf("[client] attempting connection to %s\n", ip);
        int fd = socket(at->ai_family, at->ai_socktype, at->ai_protocol);
        if (fd != -1 && connect(fd, at->ai_addr, at->ai_addrlen) == 0) {
            printf("[client] connected to %s\n", ip);
            freeaddrinfo(list);
            return fd;
        }
        reason = errno;
        if (fd != -1)
            close(fd);
    }
    fail(host, strerror(reason));
    return -1;
}

static void exchange(int fd, const char *line, size_t length, char *answer) {
    size_t sent = 0, received = 0;
    while (received < length) {
        struct pollfd wanted = {.fd = fd, .events = POLLIN | (sent < length ? POLLOUT : 0)};
        if (poll(&wanted, 1, -1) == -1)
            continue;
        if (sent < length && wanted.revents & POLLOUT) {
            ssize_t count = send(fd, line + sent, length - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
            if (count == -1 && errno != EAGAIN && errno != EINTR)
                fail("send", strerror(errno));
            sent += count > 0 ? (size_t)count : 0;
            if (sent == length)
                printf("[client] sent '%.*s'\n", (int)length, line);
        }
        if (wanted.revents & ~POLLOUT) {
            ssize_t count = recv(fd, answer + received, length - received, MSG_DONTWAIT);
            if (count == 0)
                fail("recv", "the server has closed the connection before the whole answer");
            if (count == -1 && errno != EAGAIN && errno != EINTR)
                fail("recv", strerror(errno));
            received += count > 0 ? (size_t)count : 0;
        }
    }
    printf("[client] received '");
    fwrite(answer, 1, length, stdout);
    printf("'\n");
}

int main(int argc, char *argv[]) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc != 3) {
        fprintf(stderr, "usage: client HOST PORT\n");
        return 2;
    }
    check_port(argv[2]);
    char *line = NULL;
    size_t room = 0;
    ssize_t length = getline(&line, &room, stdin);
    if (length > 0 && line[length - 1] == '\n')
        length--;
    if (length <= 0)
        return 0;
    int fd = connect_first(argv[1], argv[2]);
    exchange(fd, line, (size_t)length, malloc((size_t)length));
    close(fd);
    return 0;
}
