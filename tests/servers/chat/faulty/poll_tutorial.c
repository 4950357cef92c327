/* A chat room on poll as a guide to sockets shows it, with the tracker's log lines. It is given the
 * port and the number of members, and grows its array when more of them come. Texts are strings: what
 * one recv returns, cut at its first NUL byte, is sent with the NUL byte of its end. Every descriptor
 * blocks. */
#include "tutorial.h"

#include <poll.h>

static struct pollfd *entries;
static nfds_t count, room; /* the entries that are used, and those that are there */

static void tell_others(const char *text, size_t length, int except)
{
    for (nfds_t at = 0; at < count; at++) {
        int fd = entries[at].fd;
        if (fd != listener && fd != except && send(fd, text, length, 0) == -1)
            perror("send");
    }
    printf("%s", text);
}

static void add(int fd)
{
    if (count == room) {
        room *= 2;
        entries = reallocarray(entries, room, sizeof *entries);
    }
    entries[count++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

/* The last entry moves to this place. */
static void drop(nfds_t at)
{
    int fd = entries[at].fd;
    close(fd);
    entries[at] = entries[--count];
    log_left(fd);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        puts("give the port and the number of members");
        return EXIT_FAILURE;
    }
    int members = strtol(argv[2], NULL, 10);
    room = members + 1;
    entries = calloc(room, sizeof *entries);
    if (entries == NULL)
        fail("calloc");
    listener = create_listening_socket(argv[1], 512);
    if (listener == -1)
        fail("create_listening_socket");
    add(listener);
    printf("[START] active=0/%d\n", members);

    for (;;) {
        if (is_interrupted(poll(entries, count, -1), "poll"))
            continue;
        for (nfds_t at = 0; at < count; at++) {
            int fd = entries[at].fd;
            if (entries[at].revents == 0)
                continue;
            if (entries[at].revents & (POLLIN | POLLHUP)) {
                if (fd == listener)
                    let_in();
                else if (!hear(fd)) {
                    drop(at--); /* this place has another entry now */
                    tell_left(fd);
                }
            } else {
                char text[256];
                snprintf(text, sizeof text, "client %d disconnected due to error", fd);
                tell_others(text, strlen(text) + END, fd);
                drop(at--);
            }
        }
    }
}
