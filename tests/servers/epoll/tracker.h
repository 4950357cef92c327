/* Included by the epoll servers: a listener, and a table whose free slots are a stack. Each server
 * has its own loop, and decides which data an event has. */
#ifndef TRACKER_H
#define TRACKER_H

#define CLIENT_LIMIT 10000
#include "../common.h"
#include "../reserve.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 64 };

static int fd_at[CLIENT_LIMIT];
static int free_slots[CLIENT_LIMIT];
static int free_count, max_clients;

/* Creates a table of MAX_CLIENTS slots, and raises the limit of open descriptors. */
static inline void make_table(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    open_spare();
    max_clients = setting("MAX_CLIENTS", 4096, CLIENT_LIMIT);
    while (free_count < max_clients) {
        free_slots[free_count] = max_clients - 1 - free_count;
        free_count++;
    }
}

/* Gives a slot to the client, logs the slot and returns it. If no slot is free, closes the
 * connection and returns -1. */
static inline int enter(int fd)
{
    if (free_count == 0) {
        close(fd);
        log_reject(max_clients);
        return -1;
    }
    int slot = free_slots[--free_count];
    fd_at[slot] = fd;
    log_accept(fd, slot);
    return slot;
}

/* Closes the connection and frees the slot. The kernel removes the connection from every interest
 * list when its last descriptor is closed (epoll(7)). */
static inline void leave(int slot)
{
    int fd = fd_at[slot];
    close(fd);
    free_slots[free_count++] = slot;
    log_disconnect(fd, slot);
}

static inline int listen_on(int port)
{
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&any, sizeof any) < 0 || listen(listener, 511) < 0)
        refuse_port(port);
    return listener;
}

static inline int accept_nonblocking(int listener)
{
    return accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/* Adds or modifies an entry. epoll_wait returns `data` with the events of this entry. */
static inline void watch(int epoll, int operation, int fd, uint32_t events, uint64_t data)
{
    struct epoll_event event = {.events = events, .data.u64 = data};
    if (epoll_ctl(epoll, operation, fd, &event) < 0) {
        perror("epoll_ctl");
        exit(EXIT_FAILURE);
    }
}

#endif
