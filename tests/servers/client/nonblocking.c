/* A correct client with a non-blocking connect, as in connect(2), EINPROGRESS: poll waits for the
 * result, and SO_ERROR has it. It reads its line before it connects, and its child process sends. With
 * -DPAUSES it rests before it tries the next address. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int connected(struct addrinfo *at, int *reason) {
    int fd = socket(at->ai_family, at->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd == -1) {
        *reason = errno;
        return -1;
    }
    *reason = connect(fd, at->ai_addr, at->ai_addrlen) == 0 ? 0 : errno;
    if (*reason == EINPROGRESS) {
        struct pollfd wanted = {.fd = fd, .events = POLLOUT};
        while (poll(&wanted, 1, -1) == -1 && errno == EINTR)
            ;
        socklen_t size = sizeof *reason;
        getsockopt(fd, SOL_SOCKET, SO_ERROR, reason, &size);
    }
    if (*reason == 0) {
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
        return fd;
    }
    close(fd);
#ifdef PAUSES
    usleep(30000);
#endif
    return -1;
}

static void die(const char *what, const char *why) {
    dprintf(2, "%s: %s\n", what, why);
    _exit(1);
}

/* The child: sends everything, then shuts down the sending side. */
static void send_all(int fd, const char *text, size_t total) {
    signal(SIGPIPE, SIG_IGN);
    while (total > 0) {
        ssize_t count = write(fd, text, total);
        if (count == -1 && errno != EINTR)
            _exit(1);
        if (count > 0) {
            text += count;
            total -= count;
        }
    }
    shutdown(fd, SHUT_WR);
    _exit(0);
}

int main(int argc, char *argv[]) {
    char *end = "";
    long port = argc > 2 ? strtol(argv[2], &end, 10) : 0;
    if (argc < 3 || *end != '\0' || port < 1 || port > 65535)
        die("usage", "client HOST PORT");

    char *line = NULL;
    size_t room = 0;
    ssize_t length = getline(&line, &room, stdin);
    if (length > 0 && line[length - 1] == '\n')
        length--;
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *list;
    int error = getaddrinfo(argv[1], argv[2], &hints, &list);
    if (error != 0)
        die(argv[1], gai_strerror(error));

    int fd = -1, reason = 0;
    for (struct addrinfo *at = list; at != NULL && fd == -1; at = at->ai_next) {
        char ip[NI_MAXHOST];
        getnameinfo(at->ai_addr, at->ai_addrlen, ip, sizeof ip, NULL, 0, NI_NUMERICHOST);
        dprintf(1, "[client] attempting connection to %s\n", ip);
        fd = connected(at, &reason);
        if (fd != -1)
            dprintf(1, "[client] connected to %s\n", ip);
    }
    if (fd == -1)
        die("connect", strerror(reason));
    if (length <= 0)
        return 0;

    pid_t sender = fork();
    if (sender == 0)
        send_all(fd, line, length);
    char *answer = malloc(length);
    ssize_t received = 0, count;
    while (received < length && (count = read(fd, answer + received, length - received)) != 0) {
        if (count == -1 && errno != EINTR)
            die("read", strerror(errno));
        received += count > 0 ? count : 0;
    }
    if (received < length)
        die("the answer", "the server has closed the connection in the middle");
    waitpid(sender, NULL, 0);
    dprintf(1, "[client] sent '%.*s'\n", (int)length, line);
    dprintf(1, "[client] received '%.*s'\n", (int)length, answer);
    return 0;
}
