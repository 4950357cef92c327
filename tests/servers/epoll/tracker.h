/* What the epoll servers share: a listener, and a table whose free slots are a stack. Each has its
 * own loop, and keeps its own note of whom an event is about. */
#ifndef TRACKER_H
#define TRACKER_H

#define MOST_CLIENTS 10000
#include "../common.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 64 };

static int fd_at[MOST_CLIENTS];
static int free_slots[MOST_CLIENTS];
static int free_count, max_clients;

/* A table of MAX_CLIENTS slots, and descriptors for as many. */
static inline void make_table(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    max_clients = setting("MAX_CLIENTS", 4096, MOST_CLIENTS);
    while (free_count < max_clients) {
        free_slots[free_count] = max_clients - 1 - free_count;
        free_count++;
    }
}

/* The slot of the client, in the log by now; or -1, and the client is closed. */
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

/* The last descriptor of a connection takes its entry off every list (epoll(7)). */
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

/* Adds or changes an entry; `note` comes back with its events. */
static inline void watch(int epoll, int operation, int fd, uint32_t events, uint64_t note)
{
    struct epoll_event event = {.events = events, .data.u64 = note};
    if (epoll_ctl(epoll, operation, fd, &event) < 0) {
        perror("epoll_ctl");
        exit(EXIT_FAILURE);
    }
}

#endif
