/* An echo server on poll: the table is indexed by slot, and a scan from 0 finds a free one.
 * The pollfd array is written anew from the table before each wait. */
#include "common.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

struct connection {
    int fd;              /* -1: the slot is free */
    size_t length, sent; /* of buffer: bytes that were read, bytes that went back */
    char buffer[4096];
};

static struct connection table[MOST_CLIENTS];
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
    if (fd < 0)
        return; /* Each error of accept is this client's or passes (accept(2), "Error handling"). */
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

static bool may_go_on(ssize_t result)
{
    return result >= 0 || errno == EAGAIN || errno == EINTR;
}

/* Reads once the last bytes are back, then writes what it can; false when the client is gone. */
static bool echo(struct connection *client)
{
    if (client->sent == client->length) {
        ssize_t got = read(client->fd, client->buffer, sizeof client->buffer);
        if (got <= 0)
            return got < 0 && may_go_on(got);
        client->length = got;
        client->sent = 0;
    }
    size_t left = client->length - client->sent;
    ssize_t put = send(client->fd, client->buffer + client->sent, left, MSG_NOSIGNAL);
    if (put > 0)
        client->sent += put;
    return may_go_on(put);
}

static void release(int slot)
{
    int fd = table[slot].fd;
    close(fd);
    table[slot].fd = -1;
    log_disconnect(fd, slot);
}

/* Writes an entry for each live client behind the listener's, its slot beside it; their number. */
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
    static struct pollfd watched[1 + MOST_CLIENTS];
    static int slots[1 + MOST_CLIENTS];
    max_clients = max_clients_setting();
    for (int slot = 0; slot < max_clients; slot++)
        table[slot].fd = -1;
    watched[0] = (struct pollfd){.fd = listen_on(port_setting()), .events = POLLIN};
    log_start(max_clients);
    for (;;) {
        int count = watch(watched, slots);
        if (poll(watched, count, -1) < 0)
            continue; /* A signal came first (poll(2), EINTR). */
        if (watched[0].revents)
            accept_one(watched[0].fd);
        for (int i = 1; i < count; i++)
            if (watched[i].revents && !echo(&table[slots[i]]))
                release(slots[i]);
    }
}
