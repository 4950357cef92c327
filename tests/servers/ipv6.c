/* Listens on [::] for IPv6 and IPv4, and logs each client's address. The listener is the last entry
 * of the pollfd array. Therefore entry i is client i. */
#include "common.h"
#include "reserve.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

struct client {
    int fd, slot;
};

static struct client clients[CLIENT_LIMIT]; /* unsorted, without gaps */
static int count, max_clients;

/* The lowest slot that no client has. */
static int lowest_slot(void)
{
    char taken[CLIENT_LIMIT + 1] = {0};
    for (int i = 0; i < count; i++)
        taken[clients[i].slot] = 1;
    return (char *)memchr(taken, 0, sizeof taken) - taken;
}

static void announce(const struct client *client, const struct sockaddr_in6 *peer)
{
    char text[INET6_ADDRSTRLEN];
    inet_ntop(AF_INET6, &peer->sin6_addr, text, sizeof text);
    printf("[ACCEPT] fd=%d slot=%d peer=[%s]:%d\n", client->fd, client->slot, text,
           ntohs(peer->sin6_port));
}

static void accept_from(int listener)
{
    struct sockaddr_in6 peer;
    socklen_t length = sizeof peer;
    int fd = accept4(listener, (struct sockaddr *)&peer, &length, SOCK_NONBLOCK);
    if (fd < 0) {
        reject_by_spare(listener);
        return; /* After an error, poll reports the listener again if a client waits. */
    }
    if (count == max_clients) {
        close(fd);
        log_reject(max_clients);
        return;
    }
    clients[count] = (struct client){.fd = fd, .slot = lowest_slot()};
    announce(&clients[count++], &peer);
}

static void drop(int i)
{
    struct client gone = clients[i];
    clients[i] = clients[--count];
    close(gone.fd);
    log_disconnect(gone.fd, gone.slot);
}

static void answer(int i)
{
    char bytes[4096];
    ssize_t got = read(clients[i].fd, bytes, sizeof bytes);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
        drop(i);
    else if (got > 0)
        /* The server does not wait: if the send buffer is full, the dot is discarded. */
        (void)!send(clients[i].fd, ".", 1, MSG_NOSIGNAL);
}

static int dual_stack_listener(int port)
{
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1, off = 0;
    struct sockaddr_in6 any = {
        .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = in6addr_any};
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    /* IPv4 clients appear as ::ffff:a.b.c.d (ipv6(7), IPV6_V6ONLY). */
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(fd, (struct sockaddr *)&any, sizeof any) < 0 || listen(fd, 128) < 0)
        refuse_port(port);
    return fd;
}

int main(void)
{
    static struct pollfd watched[CLIENT_LIMIT + 1];
    int listener = dual_stack_listener(port_setting());
    max_clients = max_clients_setting();
    open_spare();
    log_start(max_clients);
    for (;;) {
        int clients_watched = count;
        for (int i = 0; i < count; i++)
            watched[i] = (struct pollfd){.fd = clients[i].fd, .events = POLLIN};
        watched[count] = (struct pollfd){.fd = listener, .events = POLLIN};
        if (poll(watched, clients_watched + 1, -1) < 0)
            continue;
        /* Goes backwards: drop() moves the last client, which has been handled already. */
        for (int i = clients_watched - 1; i >= 0; i--)
            if (watched[i].revents)
                answer(i);
        if (watched[clients_watched].revents)
            accept_from(listener);
    }
}
