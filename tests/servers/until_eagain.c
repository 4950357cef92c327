/* After each poll, the server accepts until EAGAIN, and reads from each ready client until EAGAIN.
 * Therefore a client that sends without a pause delays all other clients. The clients are a linked
 * list, sorted by slot. */
#include "common.h"
#include "reserve.h"

#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

struct client {
    int fd, slot;
    long bytes_in;
    struct client *next;
};

static struct client *clients;
static int active, max_clients;

/* Inserts the client at the first gap in the slot numbers. The gap is the lowest free slot. */
static void insert(struct client *added)
{
    struct client **link = &clients;
    while (*link != NULL && (*link)->slot == added->slot) {
        added->slot++;
        link = &(*link)->next;
    }
    added->next = *link;
    *link = added;
    active++;
}

static void remove_at(struct client **link)
{
    struct client *gone = *link;
    *link = gone->next;
    active--;
    close(gone->fd);
    printf("[DISCONNECT] fd=%d slot=%d bytes=%ld\n", gone->fd, gone->slot, gone->bytes_in);
    free(gone);
}

static void admit(int fd)
{
    struct client *added = active < max_clients ? calloc(1, sizeof *added) : NULL;
    if (added == NULL) {
        close(fd);
        printf("[REJECT] at capacity (%d/%d)\n", active, max_clients);
        return;
    }
    added->fd = fd;
    insert(added);
    log_accept(fd, added->slot);
}

static void accept_all(int listener)
{
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        if (fd >= 0)
            admit(fd);
        else if (errno != EINTR && errno != ECONNABORTED && !reject_by_spare(listener))
            return; /* EAGAIN: no client waits. */
    }
}

/* Returns false if the connection has ended. */
static bool read_all(struct client *client)
{
    char bytes[8192];
    for (;;) {
        ssize_t got = read(client->fd, bytes, sizeof bytes);
        if (got > 0)
            client->bytes_in += got;
        else if (got == 0 || errno != EINTR)
            return got < 0 && errno == EAGAIN;
    }
}

/* The entries and the list have the same order. Therefore one loop handles both. */
static void serve(const struct pollfd *entry)
{
    struct client **link = &clients;
    for (; *link != NULL; entry++) {
        if (entry->revents == 0 || read_all(*link))
            link = &(*link)->next;
        else
            remove_at(link);
    }
}

int main(void)
{
    int port = port_setting();
    max_clients = max_clients_setting();
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(port)};
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, IPPROTO_TCP), yes = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (const struct sockaddr *)&here, sizeof here) || listen(listener, 256))
        refuse_port(port);
    open_spare();
    log_start(max_clients);

    static struct pollfd watched[1 + CLIENT_LIMIT];
    for (;;) {
        nfds_t count = 0;
        watched[count++] = (struct pollfd){.fd = listener, .events = POLLIN};
        for (struct client *client = clients; client != NULL; client = client->next)
            watched[count++] = (struct pollfd){.fd = client->fd, .events = POLLIN};
        if (poll(watched, count, -1) <= 0)
            continue;
        serve(watched + 1);
        if (watched[0].revents)
            accept_all(listener);
    }
}
