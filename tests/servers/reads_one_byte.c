/* Never replies, and reads only one byte after each poll. poll is level-triggered. Therefore poll
 * reports the client again while bytes remain. The pollfd array is in the order in which the
 * clients arrived: when an entry is removed, all later entries move one place down. */
#include "common.h"
#include "reserve.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

static int fd_in[CLIENT_LIMIT]; /* the descriptor in each slot; -1 if the slot is free */
static int max_clients;
static struct pollfd watched[1 + CLIENT_LIMIT];
static int watched_count = 1;

/* The first slot with this descriptor, or -1. The descriptor -1 finds the first free slot. */
static int slot_of(int fd)
{
    int slot = 0;
    while (slot < max_clients && fd_in[slot] != fd)
        slot++;
    return slot < max_clients ? slot : -1;
}

static void add_client(int fd)
{
    int slot = slot_of(-1);
    if (slot < 0) {
        close(fd);
        log_reject(max_clients);
        return;
    }
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    fd_in[slot] = fd;
    watched[watched_count++] = (struct pollfd){fd, POLLIN, 0};
    log_accept(fd, slot);
}

static void remove_client(struct pollfd *entry)
{
    int fd = entry->fd, slot = slot_of(fd);
    size_t behind = &watched[watched_count] - (entry + 1);
    memmove(entry, entry + 1, behind * sizeof *entry);
    watched_count--;
    close(fd);
    fd_in[slot] = -1;
    log_disconnect(fd, slot);
}

/* Reads one byte. Returns true if the connection has ended. */
static bool left(int fd)
{
    char byte;
    switch (read(fd, &byte, 1)) {
    case 1:
        return false;
    case 0:
        return true;
    default:
        return errno != EAGAIN && errno != EINTR;
    }
}

static int start_listening(int port)
{
    int fd = socket(PF_INET, SOCK_STREAM, 0);
    const int reuse = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse);
    struct sockaddr_in name;
    memset(&name, 0, sizeof name);
    name.sin_family = AF_INET;
    name.sin_port = htons(port);
    if (bind(fd, (struct sockaddr *)&name, sizeof name) == -1 || listen(fd, 64) == -1)
        refuse_port(port);
    return fd;
}

int main(void)
{
    max_clients = max_clients_setting();
    memset(fd_in, -1, sizeof fd_in);
    watched[0] = (struct pollfd){start_listening(port_setting()), POLLIN, 0};
    log_start(max_clients);
    for (;;) {
        if (poll(watched, watched_count, -1) < 0)
            continue;
        int i = 1;
        while (i < watched_count) {
            if (watched[i].revents && left(watched[i].fd))
                remove_client(&watched[i]); /* The next entry is at i now. */
            else
                i++;
        }
        int fd = watched[0].revents ? accept(watched[0].fd, NULL, NULL) : -1;
        if (fd != -1)
            add_client(fd);
        else if (watched[0].revents)
            back_off();
    }
}
