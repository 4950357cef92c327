/* An echo server that uses poll. The table is indexed by slot, and a scan from slot 0 finds a free
 * slot. Before each poll, the server builds the pollfd array from the table. */
#include "common.h"
#include "reserve.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

struct connection {
    int fd;              /* -1: the slot is free */
    size_t length, sent; /* number of bytes in `buffer`; number sent back */
    char buffer[4096];
};

static struct connection table[CLIENT_LIMIT];
static int max_clients;

/* The first free slot, or -1 when the table is full. */
static int free_slot(void)
{
    for (int slot = 0; slot < max_clients; slot++)
        if (table[slot].fd < 0)
            return slot;
    return -1;
}

static void accept_one(int listener)
{
    int fd = accept(listener, NULL, NULL);
    if (fd < 0) {
        /* Each other error concerns this client or is temporary (accept(2), "Error handling"). */
        reject_by_spare(listener);
        return;
    }
    int slot = free_slot();
    if (slot < 0) {
        close(fd);
        log_reject(max_clients);
        return;
    }
    fcntl(fd, F_SETFL, O_NONBLOCK);
    table[slot].fd = fd;
    table[slot].length = table[slot].sent = 0;
    log_accept(fd, slot);
}

static bool is_open(ssize_t result)
{
    return result >= 0 || errno == EAGAIN || errno == EINTR;
}

/* Reads only if all bytes are sent back, then sends. Returns false if the connection has ended. */
static bool echo(struct connection *client)
{
    if (client->sent == client->length) {
        ssize_t got = read(client->fd, client->buffer, sizeof client->buffer);
        if (got <= 0)
            return got < 0 && is_open(got);
        client->length = got;
        client->sent = 0;
    }
    size_t left = client->length - client->sent;
    ssize_t put = send(client->fd, client->buffer + client->sent, left, MSG_NOSIGNAL);
    if (put > 0)
        client->sent += put;
    return is_open(put);
}

static void release(int slot)
{
    int fd = table[slot].fd;
    close(fd);
    table[slot].fd = -1;
    log_disconnect(fd, slot);
}

/* Writes an entry and a slot for each client, after the listener's entry. Returns the number of
 * entries. */
static int watch(struct pollfd watched[], int slots[])
{
    int count = 1;
    for (int slot = 0; slot < max_clients; slot++) {
        const struct connection *client = &table[slot];
        if (client->fd < 0)
            continue;
        short events = client->sent < client->length ? POLLOUT : POLLIN;
        watched[count] = (struct pollfd){.fd = client->fd, .events = events};
        slots[count++] = slot;
    }
    return count;
}

static int listen_on(int port)
{
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&any, sizeof any) < 0 || listen(listener, 128) < 0)
        refuse_port(port);
    return listener;
}

int main(void)
{
    static struct pollfd watched[1 + CLIENT_LIMIT];
    static int slots[1 + CLIENT_LIMIT];
    max_clients = max_clients_setting();
    for (int slot = 0; slot < max_clients; slot++)
        table[slot].fd = -1;
    watched[0] = (struct pollfd){.fd = listen_on(port_setting()), .events = POLLIN};
    open_spare();
    log_start(max_clients);
    for (;;) {
        int count = watch(watched, slots);
        if (poll(watched, count, -1) < 0)
            continue; /* A signal interrupted poll (poll(2), EINTR). */
        if (watched[0].revents)
            accept_one(watched[0].fd);
        for (int i = 1; i < count; i++)
            if (watched[i].revents && !echo(&table[slots[i]]))
                release(slots[i]);
    }
}
