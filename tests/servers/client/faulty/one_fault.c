/* A client that is right but for one fault, which a macro chooses:
 *   FIXED_TABLE      it keeps the first addresses of the host only, as many as its table has rows
 *   LENGTH_ONE       it takes an input of one byte for an empty line
 *   READ_IS_LINE     it takes what one read returns for the whole line
 *   ASKS_FOR_ROOM    while bytes are unsent, it asks again and again whether there is room for them
 *   IPV4_ROOM        the text of an address has room for an IPv4 address only
 *   SHORT_HOST       it keeps the first 39 bytes of its argument HOST only
 *   BELOW_LAST_PORT  it takes the highest port for none
 *   OVER_LAST_PORT   it takes the number after the highest port for a port
 *   LOGS_LATE        it logs an attempt when connect has returned
 *   ONLY_REFUSED     it goes on to the next address only if the one before has refused
 *   FIRST_REASON     it keeps the reason of the first attempt, and not of the last one
 *   SENT_CUT         its line about what it has sent goes through a buffer of 4096 bytes
 *   SENT_IN_PIECES   it logs what each send has taken
 *   CRASHES_IN_LOG   it crashes when it logs a line that has the character %
 *   EINTR_IS_FATAL   it waits in epoll_wait, and ends when a stop and fg interrupt the call
 * Without a macro, it is right. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#ifdef FIXED_TABLE
#define MAX_ADDRESSES 8
#else
#define MAX_ADDRESSES 1024
#endif

#ifdef IPV4_ROOM
#define ADDRESS_ROOM INET_ADDRSTRLEN
#else
#define ADDRESS_ROOM INET6_ADDRSTRLEN
#endif

static void die(const char *what, const char *why) {
    fprintf(stderr, "client: %s: %s\n", what, why);
    exit(1);
}

static void text_of(struct sockaddr *address, char *text) {
    void *bytes = address->sa_family == AF_INET
        ? (void *)&((struct sockaddr_in *)address)->sin_addr
        : (void *)&((struct sockaddr_in6 *)address)->sin6_addr;
    inet_ntop(address->sa_family, bytes, text, ADDRESS_ROOM);
}

#ifdef SHORT_HOST
#define HOST_ROOM 40
#else
#define HOST_ROOM NI_MAXHOST
#endif

#ifdef BELOW_LAST_PORT
#define LAST_PORT 65534
#elif defined OVER_LAST_PORT
#define LAST_PORT 65536
#else
#define LAST_PORT 65535
#endif

static int connected_to(const char *argument, const char *port) {
    char host[HOST_ROOM];
    snprintf(host, sizeof host, "%s", argument);
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *list;
    int error = getaddrinfo(host, port, &hints, &list), count = 0, reason = 0;
    if (error != 0)
        die(host, gai_strerror(error));
    static struct addrinfo *table[MAX_ADDRESSES];
    for (struct addrinfo *at = list; at != NULL && count < MAX_ADDRESSES; at = at->ai_next)
        table[count++] = at;
    for (int i = 0; i < count; i++) {
        char ip[ADDRESS_ROOM] = "";
        text_of(table[i]->ai_addr, ip);
#ifndef LOGS_LATE
        dprintf(1, "[client] attempting connection to %s\n", ip);
#endif
        int fd = socket(table[i]->ai_family, table[i]->ai_socktype, table[i]->ai_protocol);
        int result = connect(fd, table[i]->ai_addr, table[i]->ai_addrlen), why = errno;
#ifdef LOGS_LATE
        dprintf(1, "[client] attempting connection to %s\n", ip);
#endif
        if (result == 0) {
            dprintf(1, "[client] connected to %s\n", ip);
            return fd;
        }
        close(fd);
#ifdef FIRST_REASON
        reason = reason == 0 ? why : reason;
#else
        reason = why;
#endif
#ifdef ONLY_REFUSED
        if (reason != ECONNREFUSED)
            break;
#endif
    }
    die(host, strerror(reason));
    return -1;
}

/* Reads one line, and returns the number of its bytes without the newline. */
static size_t read_line(char *line, size_t room) {
    size_t length = 0;
    for (;;) {
        ssize_t count = read(0, line + length, room - length);
        if (count == -1 && errno == EINTR)
            continue;
        if (count == -1)
            die("standard input", strerror(errno));
        char *end = memchr(line + length, '\n', count);
        length += count;
        if (end != NULL)
            return end - line;
        if (count == 0)
            break;
#ifdef READ_IS_LINE
        if (length < 4096)
            break;
#endif
    }
#ifdef LENGTH_ONE
    return length > 1 ? length : 0;
#endif
    return length;
}

/* Sleeps until the socket is ready. The events of epoll have the numbers of those of poll. */
static int wait_ready(struct pollfd *wanted, int timeout) {
#ifdef EINTR_IS_FATAL
    static int set = -1;
    struct epoll_event event = {.events = (uint32_t)wanted->events};
    int is_first = set == -1;
    if (is_first)
        set = epoll_create1(0);
    epoll_ctl(set, is_first ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, wanted->fd, &event);
    if (epoll_wait(set, &event, 1, timeout) == -1)
        die("epoll_wait", strerror(errno));
    wanted->revents = (short)event.events;
    return 1;
#else
    return poll(wanted, 1, timeout);
#endif
}

static void log_sent(const char *text, size_t total, size_t count) {
    (void)count;
#ifdef SENT_IN_PIECES
    dprintf(1, "[client] sent '%.*s'\n", (int)count, text + total - count);
#elif defined SENT_CUT
    char line[4096];
    snprintf(line, sizeof line, "[client] sent '%.*s'", (int)total, text);
    dprintf(1, "%s\n", line);
#else
#ifdef CRASHES_IN_LOG
    if (memchr(text, '%', total) != NULL)
        raise(SIGSEGV);
#endif
    dprintf(1, "[client] sent '%.*s'\n", (int)total, text);
#endif
}

static void exchange(int fd, const char *text, size_t total, char *answer) {
    size_t sent = 0, received = 0;
    while (received < total) {
        struct pollfd wanted = {.fd = fd, .events = POLLIN | (sent < total ? POLLOUT : 0)};
#ifdef ASKS_FOR_ROOM
        int timeout = sent < total ? 0 : -1;
#else
        int timeout = -1;
#endif
        if (wait_ready(&wanted, timeout) == -1)
            continue;
        if (sent < total && wanted.revents & POLLOUT) {
            ssize_t count = send(fd, text + sent, total - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
            if (count == -1 && errno != EAGAIN && errno != EINTR)
                die("send", strerror(errno));
            sent += count > 0 ? count : 0;
#ifdef SENT_IN_PIECES
            if (count > 0)
                log_sent(text, sent, count);
#else
            if (sent == total)
                log_sent(text, total, total);
#endif
        }
        if (wanted.revents & (POLLIN | POLLERR | POLLHUP)) {
            ssize_t count = recv(fd, answer + received, total - received, MSG_DONTWAIT);
            if (count == 0)
                die("recv", "the server has closed the connection");
            if (count == -1 && errno != EAGAIN && errno != EINTR)
                die("recv", strerror(errno));
            received += count > 0 ? count : 0;
        }
    }
    dprintf(1, "[client] received '%.*s'\n", (int)total, answer);
}

int main(int argc, char *argv[]) {
    char *end = "";
    long port = argc == 3 ? strtol(argv[2], &end, 10) : 0;
    if (argc != 3 || *end != '\0' || port < 1 || port > LAST_PORT)
        die("usage", "client HOST PORT");
    int fd = connected_to(argv[1], argv[2]);
    size_t room = 2 << 20;
    char *line = malloc(room), *answer = malloc(room);
    size_t length = read_line(line, room);
    if (length > 0)
        exchange(fd, line, length, answer);
    close(fd);
    return 0;
}
