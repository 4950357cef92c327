/* A chat room as a first attempt often looks. What one recv returns is taken for a line, and each
 * message is sent with the NUL byte of its string. The descriptors are blocking, the listener too,
 * and nobody counts the members. The name and the line are put together in a buffer of fixed size. */
#include "../room.h"

#include <poll.h>

#define LINE_SIZE 256

/* The NUL byte at the end of each message. With -DNO_NUL it is not sent. */
#ifdef NO_NUL
#define END 0
#else
#define END 1
#endif

static struct pollfd entries[CLIENT_LIMIT + 1];
static int count;

static void tell(const char *text, size_t length, int except)
{
    for (int at = 1; at < count; at++)
        if (entries[at].fd != except)
            send(entries[at].fd, text, length, MSG_NOSIGNAL);
}

static void let_in(int listener)
{
    char text[64];
    int fd = accept(listener, NULL, NULL);
    if (fd < 0) {
        perror("accept");
        return;
    }
    entries[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
    log_accept(fd, count - 2);
    tell(text, snprintf(text, sizeof text, "user %d joined the chat room\n", fd) + END, fd);
}

/* The last entry moves to the place of the one that is removed. */
static void remove_at(int at)
{
    char text[64];
    int fd = entries[at].fd;
    close(fd);
    entries[at] = entries[--count];
    log_disconnect(fd, at - 1);
    tell(text, snprintf(text, sizeof text, "user %d disconnected\n", fd) + END, -1);
}

/* Returns whether the member is still there. */
static bool hear(int at)
{
    char line[LINE_SIZE + 1], text[32 + LINE_SIZE];
    int fd = entries[at].fd;
    ssize_t got = recv(fd, line, LINE_SIZE, 0);
    if (got <= 0) {
        remove_at(at);
        return false;
    }
    line[got] = '\0';
    snprintf(text, sizeof text, "user %d: %s", fd, line);
    tell(text, strlen(text) + END, fd);
    return true;
}

int main(void)
{
    int port = room_port(), capacity = room_capacity();
    int listener = room_listener(port);
    fcntl(listener, F_SETFL, 0);
    entries[count++] = (struct pollfd){.fd = listener, .events = POLLIN};
    log_start(capacity);
    for (;;) {
        if (poll(entries, count, -1) < 0) {
            perror("poll");
            return EXIT_FAILURE;
        }
        for (int at = 0; at < count; at++) {
            if (entries[at].revents == 0)
                continue;
            if (at == 0)
                let_in(listener);
            else if (!hear(at))
                at--;
        }
    }
}
