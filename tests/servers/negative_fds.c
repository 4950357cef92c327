/* Slot n is entry n + 1 of one pollfd array for good: a free slot is a hole that poll passes over.
 * The array is the whole table. Each client is greeted with its slot. */
#include "common.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/* An entry with a negative fd is ignored, and its revents are 0 (poll(2)). */
#define HOLE ((struct pollfd){.fd = -1, .events = POLLIN})

static struct pollfd entries[MOST_CLIENTS + 1];
static int max_clients;

static int slot_of(const struct pollfd *entry) { return entry - entries - 1; }

static struct pollfd *find_hole(void)
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
    /* An empty send buffer has room for a line; a client that left is noticed by its next read. */
    (void)!send(entry->fd, words, length, MSG_NOSIGNAL);
}

static void on_listener(void)
{
    int fd = accept(entries[0].fd, NULL, NULL);
    if (fd < 0)
        return; /* No message: out of descriptors, it would be said at every turn (EMFILE). */
    struct pollfd *entry = find_hole();
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
    *entry = HOLE;
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
        entries[i] = HOLE;
    entries[0].fd = bound_listener(port_setting());
    log_start(max_clients);
    for (;;) {
        int ready = poll(entries, max_clients + 1, -1);
        if (ready < 0 && errno != EINTR) {
            perror("poll");
            return EXIT_FAILURE;
        }
        /* From the end, so that the listener comes last; no entry is looked at after a signal. */
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
