/* Slot n is always entry n + 1 of the pollfd array. A free slot has a negative fd, which poll
 * ignores. The server has no other table. The server sends each new client its slot number. While
 * no descriptor is free, the listener's fd is negative, too: poll then has a time-out. */
#include "common.h"
#include "reserve.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/* poll ignores an entry with a negative fd and sets its revents to 0 (poll(2)). */
#define FREE_ENTRY ((struct pollfd){.fd = -1, .events = POLLIN})

enum { PAUSE_MS = 50 };

static struct pollfd entries[CLIENT_LIMIT + 1];
static int max_clients;

static int slot_of(const struct pollfd *entry) { return entry - entries - 1; }

static struct pollfd *find_free_entry(void)
{
    for (struct pollfd *entry = entries + 1; entry <= entries + max_clients; entry++)
        if (entry->fd == -1)
            return entry;
    return NULL;
}

static void greet(const struct pollfd *entry)
{
    char words[32];
    int length = snprintf(words, sizeof words, "you are in slot %d\n", slot_of(entry));
    /* The send buffer is empty, so the line fits. The next read reports a client that has left. */
    (void)!send(entry->fd, words, length, MSG_NOSIGNAL);
}

static void on_listener(void)
{
    int fd = accept(entries[0].fd, NULL, NULL);
    if (fd < 0) {
        if (is_out_of_descriptors())
            entries[0].fd = ~entries[0].fd;
        return;
    }
    struct pollfd *entry = find_free_entry();
    if (entry == NULL) {
        close(fd);
        log_reject(max_clients);
        return;
    }
    fcntl(fd, F_SETFL, O_NONBLOCK);
    entry->fd = fd;
    log_accept(fd, slot_of(entry));
    greet(entry);
}

static void on_client(struct pollfd *entry)
{
    char ignored[2048];
    ssize_t got = read(entry->fd, ignored, sizeof ignored);
    if (got > 0)
        return;
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    int fd = entry->fd;
    close(fd);
    *entry = FREE_ENTRY;
    log_disconnect(fd, slot_of(entry));
}

static int bound_listener(int port)
{
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    int enable = 1;
    if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &enable, sizeof enable) != 0)
        refuse_port(port);
    struct sockaddr_in where = {.sin_port = htons(port), .sin_family = AF_INET};
    if (bind(listener, (struct sockaddr *)&where, sizeof where) != 0)
        refuse_port(port);
    if (listen(listener, 100) != 0)
        refuse_port(port);
    return listener;
}

int main(void)
{
    max_clients = max_clients_setting();
    for (int i = 0; i <= max_clients; i++)
        entries[i] = FREE_ENTRY;
    entries[0].fd = bound_listener(port_setting());
    log_start(max_clients);
    for (;;) {
        int ready = poll(entries, max_clients + 1, entries[0].fd < 0 ? PAUSE_MS : -1);
        if (entries[0].fd < 0)
            entries[0].fd = ~entries[0].fd;
        if (ready < 0 && errno != EINTR) {
            perror("poll");
            return EXIT_FAILURE;
        }
        /* Goes backwards: the listener is handled last. After a signal, `ready` is negative. */
        for (struct pollfd *entry = entries + max_clients; ready > 0; entry--) {
            if (entry->revents == 0)
                continue;
            ready--;
            if (entry == entries)
                on_listener();
            else
                on_client(entry);
        }
    }
}
