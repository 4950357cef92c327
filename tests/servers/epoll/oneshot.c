/* Every entry of the interest list has EPOLLONESHOT, also the listener's entry, and is rearmed
 * after each event. The data of each entry is a pointer. The server echoes the bytes of one read,
 * and waits for EPOLLOUT if the send buffer has no space for them. */
#include "tracker.h"

struct client {
    int slot;
    size_t length, sent;
    char bytes[1024];
};

static void arm(int epoll, const struct client *client)
{
    uint32_t events = client->sent < client->length ? EPOLLOUT : EPOLLIN;
    watch(epoll, EPOLL_CTL_MOD, fd_at[client->slot], events | EPOLLONESHOT, (uintptr_t)client);
}

static void accept_client(int epoll, int listener)
{
    int fd = accept_nonblocking(listener);
    if (fd < 0)
        back_off();
    int slot = fd < 0 ? -1 : enter(fd);
    if (slot >= 0) {
        struct client *client = calloc(1, sizeof *client);
        client->slot = slot;
        watch(epoll, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLONESHOT, (uintptr_t)client);
    }
    watch(epoll, EPOLL_CTL_MOD, listener, EPOLLIN | EPOLLONESHOT, 0);
}

static bool serve(struct client *client)
{
    int fd = fd_at[client->slot];
    if (client->sent == client->length) {
        ssize_t got = read(fd, client->bytes, sizeof client->bytes);
        if (got <= 0)
            return got < 0 && (errno == EAGAIN || errno == EINTR);
        client->length = got;
        client->sent = 0;
    }
    size_t left = client->length - client->sent;
    ssize_t put = send(fd, client->bytes + client->sent, left, MSG_NOSIGNAL);
    if (put > 0)
        client->sent += put;
    return put >= 0 || errno == EAGAIN || errno == EINTR;
}

int main(void)
{
    make_table();
    int listener = listen_on(setting("PORT", 7000, 65535)), epoll = epoll_create(1);
    watch(epoll, EPOLL_CTL_ADD, listener, EPOLLIN | EPOLLONESHOT, 0);
    log_start(max_clients);
    for (;;) {
        struct epoll_event event;
        if (epoll_wait(epoll, &event, 1, -1) != 1)
            continue;
        struct client *client = event.data.ptr;
        if (client == NULL) {
            accept_client(epoll, listener);
        } else if (serve(client)) {
            arm(epoll, client);
        } else {
            leave(client->slot);
            free(client);
        }
    }
}
