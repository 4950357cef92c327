/* Discards the bytes that clients send. The free slots are a stack: the slot that was freed last
 * is used next. When a client leaves, the last pollfd entry moves to the place of the client's
 * entry. */
#include "common.h"
#include "reserve.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

static int max_clients;

static struct {
    int slots[CLIENT_LIMIT]; /* the free slots; the next slot to use is on top */
    int count;
} unused;

/* Entry 0 is the listener, with slot -1. Entry i is a client, and slot_at[i] is its slot. */
static struct pollfd watched[1 + CLIENT_LIMIT];
static int slot_at[1 + CLIENT_LIMIT];
static int watched_count;

static void fill_free_list(void)
{
    for (int slot = max_clients - 1; slot >= 0; slot--)
        unused.slots[unused.count++] = slot;
}

static void add_entry(int fd, int slot)
{
    watched[watched_count] = (struct pollfd){.fd = fd, .events = POLLIN};
    slot_at[watched_count++] = slot;
}

static void admit(int fd)
{
    if (unused.count == 0) {
        close(fd);
        log_reject(max_clients);
        return;
    }
    int slot = unused.slots[--unused.count];
    add_entry(fd, slot);
    log_accept(fd, slot);
}

static void remove_entry(int i)
{
    int fd = watched[i].fd, slot = slot_at[i];
    int last = --watched_count;
    watched[i] = watched[last];
    slot_at[i] = slot_at[last];
    close(fd);
    unused.slots[unused.count++] = slot;
    log_disconnect(fd, slot);
}

static void swallow(int i)
{
    char dropped[16384];
    ssize_t got = recv(watched[i].fd, dropped, sizeof dropped, 0);
    if (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR)))
        return;
    remove_entry(i);
}

static void open_listener(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = INADDR_ANY};
    address.sin_port = htons(port);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, SOMAXCONN))
        refuse_port(port);
    add_entry(listener, -1);
}

int main(void)
{
    max_clients = max_clients_setting();
    fill_free_list();
    open_listener(port_setting());
    open_spare();
    log_start(max_clients);
    for (;;) {
        if (poll(watched, watched_count, -1) < 0)
            continue; /* A signal interrupted poll (poll(2), EINTR). */
        /* Goes backwards: the entry that moves to a removed entry's place has been handled. */
        for (int i = watched_count - 1; i > 0; i--)
            if (watched[i].revents != 0)
                swallow(i);
        if (watched[0].revents == 0)
            continue;
        int fd = accept4(watched[0].fd, NULL, NULL, SOCK_NONBLOCK);
        if (fd >= 0)
            admit(fd);
        else
            reject_by_spare(watched[0].fd); /* poll reports the listener again if a client waits. */
    }
}
