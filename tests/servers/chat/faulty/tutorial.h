/* Included by the two chat rooms that follow a guide to sockets: the listener, and what a member says
 * and does. */
#ifndef TUTORIAL_H
#define TUTORIAL_H

#define _GNU_SOURCE

#include <string.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <sys/socket.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <unistd.h>

#define LINE_SIZE 256

/* The NUL byte at the end of each message, and whether EINTR ends the room. With -DMENDED the byte is
 * not sent, and the room goes on: the faults below these two can be seen. */
#ifdef MENDED
#define END 0
#define ENDS_ON_EINTR 0
#else
#define END 1
#define ENDS_ON_EINTR 1
#endif

/* The log lines. A guide's room has no slots: `slots` is there for these lines alone, and has the lowest
 * free slot for each descriptor. */
#define MAX_LOGGED 20000
static int slots[MAX_LOGGED];

static inline void log_joined(int fd)
{
    int slot = 0;
    while (slot < MAX_LOGGED - 1 && slots[slot] != 0)
        slot++;
    slots[slot] = fd;
    printf("[ACCEPT] fd=%d slot=%d\n", fd, slot);
}

static inline void log_left(int fd)
{
    int slot = 0;
    while (slot < MAX_LOGGED - 1 && slots[slot] != fd)
        slot++;
    slots[slot] = 0;
    printf("[DISCONNECT] fd=%d slot=%d\n", fd, slot);
}

/* A socket that listens on the port, in blocking mode; -1 after an error, which it has printed. */
static inline int create_listening_socket(const char *port, int backlog)
{
    struct addrinfo wanted, *all, *each;
    int fd = -1, on = 1;

    memset(&wanted, 0, sizeof wanted);
    wanted.ai_flags = AI_PASSIVE;
    wanted.ai_family = AF_INET;
    wanted.ai_socktype = SOCK_STREAM;
    if (getaddrinfo(NULL, port, &wanted, &all) != 0) {
        perror("getaddrinfo");
        return -1;
    }
    for (each = all; each != NULL; each = each->ai_next) {
        fd = socket(each->ai_family, each->ai_socktype, each->ai_protocol);
        if (fd == -1)
            continue;
        if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == -1)
            perror("setsockopt");
        else if (bind(fd, each->ai_addr, each->ai_addrlen) == 0)
            break;
        else
            perror("bind");
        close(fd);
    }
    freeaddrinfo(all);
    if (each == NULL)
        return -1;
    if (listen(fd, backlog) == -1) {
        perror("listen");
        close(fd);
        return -1;
    }
    return fd;
}

/* Ends the program because a call has failed. */
static inline _Noreturn void fail(const char *call)
{
    perror(call);
    exit(EXIT_FAILURE);
}

/* Whether a signal has interrupted poll or epoll_wait, so that there are no events. Every other error
 * ends the program. */
static inline int is_interrupted(int result, const char *call)
{
    if (result != -1)
        return 0;
    if (errno != EINTR || ENDS_ON_EINTR)
        fail(call);
    return 1;
}

static int listener;

/* Each room has its own list of descriptors. */
static void add(int fd);
static void tell_others(const char *text, size_t length, int except);

static inline void let_in(void)
{
    struct sockaddr_storage peer;
    socklen_t size = sizeof peer;
    int fd = accept(listener, (struct sockaddr *)&peer, &size);
    if (fd == -1) {
        perror("accept");
        return;
    }
    add(fd);
    log_joined(fd);
    char text[256];
    snprintf(text, sizeof text, "user %d joined the chat room\n", fd);
    tell_others(text, strlen(text) + END, fd);
}

/* What one recv returns is taken for a line. Returns whether the member is still there. */
static inline int hear(int fd)
{
    char line[LINE_SIZE], text[32 + LINE_SIZE];
    int got = recv(fd, line, sizeof line, 0);
    if (got <= 0) {
        if (got < 0)
            perror("recv");
        return 0;
    }
    line[got] = '\0';
    snprintf(text, sizeof text, "user %d: %s", fd, line);
    tell_others(text, strlen(text) + END, fd);
    return 1;
}

static inline void tell_left(int fd)
{
    char text[256];
    snprintf(text, sizeof text, "user %d disconnected\n", fd);
    tell_others(text, strlen(text) + END, -1);
}

#endif
